using System.Buffers;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Explain;

/// <summary>
/// Options as one line of YAML that anybody may see: values from outside as they are written, options named like secrets masked.
/// </summary>
internal static class OptionsText
{
    private const string Mask = "***";

    private static readonly SearchValues<char> Special = SearchValues.Create(",:#{}[]&*!|>'\"%@`\n\r\t");

    private static readonly string[] SecretWords =
        ["secret", "password", "passphrase", "token", "credential", "authorization", "cookie", "api_key", "apikey", "private_key", "hmac"];

    public static string Of(ConfigNode? node) => node switch
    {
        ConfigMapping mapping => mapping.Entries.Count == 0
            ? "{}"
            : $"{{ {string.Join(", ", mapping.Entries.Select(entry => $"{Quote(entry.Name)}: {Value(entry)}"))} }}",
        ConfigSequence sequence => $"[{string.Join(", ", sequence.Items.Select(Of))}]",
        ConfigScalar { IsNull: false } scalar => Quote(scalar.Written),
        _ => "",
    };

    /// <summary>Whether an option of this name holds what nobody should see.</summary>
    public static bool IsSecret(string name)
    {
        var plain = name.Replace('-', '_');
        return SecretWords.Any(word => plain.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    // A reference to a variable or file is no secret itself.
    private static string Value(ConfigEntry entry) =>
        IsSecret(entry.Name) && entry.Value is ConfigMapping or ConfigSequence ? Masked(entry.Value)
        : IsSecret(entry.Name) && entry.Value is ConfigScalar { IsNull: false } scalar && scalar.Written == scalar.Text ? Mask
        : Of(entry.Value);

    private static string Masked(ConfigNode node) => node switch
    {
        ConfigMapping mapping => $"{{ {string.Join(", ", mapping.Entries.Select(entry => $"{Quote(entry.Name)}: {Masked(entry.Value)}"))} }}",
        ConfigSequence sequence => $"[{string.Join(", ", sequence.Items.Select(Masked))}]",
        _ => Mask,
    };

    private static string Quote(string text) =>
        text.Length > 0 && text.AsSpan().IndexOfAny(Special) < 0 && text.Trim().Length == text.Length && text[0] is not ('-' or '?')
            ? text
            : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n")}\"";
}
