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
}
