using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config;

/// <summary>
/// Lays a listener's limits, forwarding and HTTP/2 settings over those of <c>http</c>, in the tree: only there can be seen which fields were written.
/// </summary>
internal static class ListenerInheritance
{
    private static readonly (string Key, Type Type)[] Inherited =
        [("limits", typeof(LimitsConfig)), ("forwarding", typeof(ForwardingConfig)), ("http2", typeof(Http2Config))];

    public static ConfigMapping Apply(ConfigMapping root)
    {
        if (root.Find("http")?.Value is not ConfigMapping http || root.Find("listeners")?.Value is not ConfigMapping listeners)
        {
            return root;
        }

        var changed = listeners;
        foreach (var entry in listeners.Entries)
        {
            if (entry.Value is not ConfigMapping listener)
            {
                continue;
            }

            foreach (var (key, type) in Inherited)
            {
                if (listener.Find(key)?.Value is ConfigMapping own && http.Find(key)?.Value is ConfigMapping common)
                {
                    listener = listener.With(key, ConfigNode.Merge(Known(common, type), own));
                }
            }

            if (!ReferenceEquals(listener, entry.Value))
            {
                changed = changed.With(entry.Name, listener);
            }
        }

        return ReferenceEquals(changed, listeners) ? root : root.With("listeners", changed);
    }

    // What is unknown in the common part is reported there, not once more for every listener.
    private static ConfigMapping Known(ConfigMapping common, Type type) =>
        new(common.Location, [.. common.Entries.Where(entry => ObjectPlan.Of(type)!.Find(entry.Name) is not null)]);
}
