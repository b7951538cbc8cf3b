using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Hosting.Model;

/// <summary>Lays configurations over each other: mappings merge key by key; lists that grow are put one behind the other.</summary>
internal static class ConfigLayers
{
    private static readonly string[] Growing = ["plugins", "routes"];
    private static readonly string[] GrowingInHttp = ["filters", "route_filters"];

    public static ConfigMapping Lay(ConfigMapping lower, ConfigMapping upper)
    {
        var result = (ConfigMapping)ConfigNode.Merge(lower, Grow(lower, upper, Growing));
        return lower.Find("http")?.Value is ConfigMapping below && upper.Find("http")?.Value is ConfigMapping above
            ? result.With("http", ConfigNode.Merge(below, Grow(below, above, GrowingInHttp)))
            : result;
    }

    private static ConfigMapping Grow(ConfigMapping lower, ConfigMapping upper, string[] keys)
    {
        foreach (var key in keys)
        {
            if (lower.Find(key)?.Value is ConfigSequence first && upper.Find(key)?.Value is ConfigSequence then)
            {
                upper = upper.With(key, new ConfigSequence(then.Location, [.. first.Items, .. then.Items]));
            }
        }

        return upper;
    }
}
