namespace FilterProxy.Core.Config.Tree;

/// <summary>A single value. Everything is text here; the type it is bound to decides what it means.</summary>
/// <param name="location">Where it begins.</param>
/// <param name="text">The text, with escapes, environment variables and files resolved.</param>
/// <param name="isNull">Nothing was written, or <c>~</c> or <c>null</c> without quotes.</param>
/// <param name="written">The text before variables and files were put in; null when there were none.</param>
/// <param name="isSecret">Part of the text came out of a file.</param>
internal sealed class ConfigScalar(SourceLocation location, string text, bool isNull = false, string? written = null, bool isSecret = false)
    : ConfigNode(location)
{
    private const int LongestQuote = 60;

    /// <summary>The text; empty when <see cref="IsNull"/>.</summary>
    public string Text { get; } = isNull ? "" : text;

    /// <summary>Nothing was written, or <c>~</c> or <c>null</c> without quotes.</summary>
    public bool IsNull { get; } = isNull;

    /// <summary>The text as the file has it: with <c>${NAME}</c> where a variable was put in. What may be shown to anybody.</summary>
    public string Written => written ?? Text;

    /// <summary>Whether part of the text came out of a file: no message shows it.</summary>
    public bool IsSecret => isSecret;

    /// <summary>The word that turns things off.</summary>
    public bool IsOff => Text == "off";

    public override string Description =>
        IsNull ? "nothing" : IsSecret ? $"'{Shorten(Written)}'" : $"'{Shorten(Text)}'";

    public override int Size => 1;

    public override bool Equals(ConfigNode? other) => other is ConfigScalar scalar && scalar.IsNull == IsNull && scalar.Text == Text;

    public override int GetHashCode() => HashCode.Combine(Text, IsNull);

    private static string Shorten(string text) =>
        (text.Length <= LongestQuote ? text : text[..LongestQuote] + "…").ReplaceLineEndings("↵");
}
