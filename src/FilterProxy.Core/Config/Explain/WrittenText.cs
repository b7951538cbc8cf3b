using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Explain;

/// <summary>What an option says, as anybody may see it: what came from a variable or a file stands as it is written.</summary>
internal static class WrittenText
{
    /// <summary>The texts of an option that holds one or a list; none where it was not written.</summary>
    public static IReadOnlyList<string> Of(BindingPlaces places, object owner, string property) => places.NodeOf(owner, property) switch
    {
        ConfigSequence list => [.. list.Items.OfType<ConfigScalar>().Select(item => SecretRules.Show(item, isSecret: false))],
        ConfigScalar { IsNull: false } one => [SecretRules.Show(one, isSecret: false)],
        _ => [],
    };

    /// <summary>
    /// A text that was made of options, such as a rewritten path: where a value from a variable or a file is in it, what is written instead.
    /// </summary>
    public static string Hide(ConfigNode root, string text) => root switch
    {
        ConfigMapping mapping => mapping.Entries.Aggregate(text, (shown, entry) => Hide(entry.Value, shown)),
        ConfigSequence sequence => sequence.Items.Aggregate(text, (shown, item) => Hide(item, shown)),

        // Shorter ones are everywhere, and no secrets.
        ConfigScalar { Text.Length: >= 4 } scalar when scalar.Written != scalar.Text => text.Replace(scalar.Text, scalar.Written, StringComparison.Ordinal),
        _ => text,
    };
}
