namespace FilterProxy.Core.Config.Tree;

/// <summary>A single value. Everything is text here; the type it is bound to decides what it means.</summary>
/// <param name="location">Where it begins.</param>
/// <param name="text">The text, with escapes and environment variables resolved.</param>
/// <param name="isNull">Nothing was written, or <c>~</c> or <c>null</c> without quotes.</param>
internal sealed class ConfigScalar(SourceLocation location, string text, bool isNull = false) : ConfigNode(location)
{
    private const int LongestQuote = 60;

    /// <summary>The text; empty when <see cref="IsNull"/>.</summary>
    public string Text { get; } = isNull ? "" : text;

    /// <summary>Nothing was written, or <c>~</c> or <c>null</c> without quotes.</summary>
    public bool IsNull { get; } = isNull;

    /// <summary>The word that turns things off.</summary>
    public bool IsOff => Text == "off";

    public override string Description =>
        IsNull ? "nothing" : $"'{(Text.Length <= LongestQuote ? Text : Text[..LongestQuote] + "…").ReplaceLineEndings("↵")}'";

    public override int Size => 1;

    public override bool Equals(ConfigNode? other) => other is ConfigScalar scalar && scalar.IsNull == IsNull && scalar.Text == Text;

    public override int GetHashCode() => HashCode.Combine(Text, IsNull);
}
