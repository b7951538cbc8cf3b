using System.Text.Json;

namespace FilterProxy.Filters.Cache;

/// <summary>What operators see of a cache, and what they may take out of it.</summary>
internal sealed class CacheAdmin(CacheState state)
{
    private const int MostShown = 100;

    /// <summary>What they can do.</summary>
    public static IReadOnlyList<AdminActionInfo> Actions { get; } =
    [
        new("cache_purge", "Takes responses out of the cache: those of an address, of addresses that begin so, with a tag, or all.", ["url", "prefix", "tag", "all"]),
    ];

    /// <summary>Takes out what the arguments name.</summary>
    public AdminOutcome Purge(IReadOnlyDictionary<string, string> arguments)
    {
        Func<string, string[], bool>? rule = null;
        if (arguments.TryGetValue("url", out var url))
        {
            var wanted = Normalize(url);
            rule = (address, _) => address == wanted;
        }
        else if (arguments.TryGetValue("prefix", out var prefix))
        {
            var wanted = Normalize(prefix);
            rule = (address, _) => address.StartsWith(wanted, StringComparison.Ordinal);
        }
        else if (arguments.TryGetValue("tag", out var tag))
        {
            rule = (_, tags) => Array.IndexOf(tags, tag) >= 0;
        }
        else if (arguments.TryGetValue("all", out var all) && all == "true")
        {
            rule = (_, _) => true;
        }

        if (rule is null)
        {
            return new AdminOutcome(false, "one of url, prefix, tag or all=true is missing");
        }

        var count = state.Memory.RemoveWhere((resource, response) => rule(CacheStore.UrlOf(resource.Key), response.Tags));
        var files = state.Disk?.RemoveWhere(rule) ?? 0;
        return new AdminOutcome(true, files > 0 ? $"{count} responses taken out of memory, {files} off the disk" : $"{count} responses taken out");
    }

    /// <summary>Shows how much there is, and the beginning of it.</summary>
    public void WriteView(Utf8JsonWriter writer)
    {
        var memory = state.Memory;
        writer.WriteStartObject();
        writer.WriteNumber("responses", memory.Count);
        writer.WriteNumber("bytes", memory.Bytes);
        writer.WriteNumber("capacity", memory.Capacity);
        writer.WriteNumber("evictions", memory.Evictions);
        if (state.Disk is { } disk)
        {
            writer.WriteStartObject("disk");
            writer.WriteNumber("files", disk.Count);
            writer.WriteNumber("bytes", disk.Bytes);
            writer.WriteNumber("capacity", disk.Capacity);
            writer.WriteNumber("failures", disk.Failures);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("first");
        foreach (var resource in memory.Resources.Take(MostShown))
        {
            foreach (var slot in resource.Slots)
            {
                if (slot.Response is { } response)
                {
                    writer.WriteStartObject();
                    writer.WriteString("url", CacheStore.UrlOf(resource.Key));
                    writer.WriteNumber("status", response.Status);
                    writer.WriteNumber("bytes", slot.Size);
                    writer.WriteNumber("lifetime_seconds", response.Lifetime / 1000);
                    writer.WriteEndObject();
                }
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    // Scheme and host are kept in lower case, without the scheme's own port.
    private static string Normalize(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) ? $"{uri.Scheme}://{uri.Authority}{PathOf(url, uri)}" : url;

    // As it was written: Uri would decode some of it.
    private static string PathOf(string url, Uri uri)
    {
        var start = url.IndexOf('/', uri.Scheme.Length + 3);
        return start < 0 ? "" : url[start..];
    }
}
