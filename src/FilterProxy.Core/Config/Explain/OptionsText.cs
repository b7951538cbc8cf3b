using System.Buffers;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Explain;

/// <summary>Options as one line of YAML that anybody may see.</summary>
/// <param name="rules">What is masked.</param>
internal sealed class OptionsText(SecretRules rules)
{
    private static readonly SearchValues<char> Special = SearchValues.Create(",:#{}[]&*!|>'\"%@`\n\r\t");

    public string Of(ConfigNode? node, bool isSecret = false) => node switch
    {
        ConfigMapping mapping => mapping.Entries.Count == 0 ? "{}" : $"{{ {string.Join(", ", mapping.Entries.Select(entry => Entry(mapping, entry, isSecret)))} }}",
        ConfigSequence sequence => $"[{string.Join(", ", sequence.Items.Select(item => Of(item, isSecret)))}]",
        ConfigScalar { IsNull: false } scalar => SecretRules.Show(scalar, isSecret) is SecretRules.Mask ? SecretRules.Mask : Quote(SecretRules.Show(scalar, isSecret)),
        _ => "",
    };

    private string Entry(ConfigMapping mapping, ConfigEntry entry, bool isSecret) =>
        $"{Quote(entry.Name)}: {Of(entry.Value, isSecret || rules.IsSecret(entry.Name) || (entry.Name == "value" && rules.IsSecretPair(mapping)))}";

    private static string Quote(string text) =>
        text.Length > 0 && text.AsSpan().IndexOfAny(Special) < 0 && text.Trim().Length == text.Length && text[0] is not ('-' or '?')
            ? text
            : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n")}\"";
}
