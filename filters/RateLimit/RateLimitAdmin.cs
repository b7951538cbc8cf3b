using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What operators see of the limits, and what they may forget.</summary>
internal sealed class RateLimitAdmin(Limit[] limits, SharedCounters? counters, SharedJudge? shared, Func<long> now)
{
    private const int MostShown = 50;

    /// <summary>What they can do.</summary>
    public static IReadOnlyList<AdminActionInfo> Actions { get; } =
    [
        new("rate_limit_reset", "Forgets what was counted: of a key, in one limit or in all, or everything.", ["key", "limit", "all"]),
    ];

    /// <summary>Forgets what the arguments name.</summary>
    public async ValueTask<AdminOutcome> ResetAsync(IReadOnlyDictionary<string, string> arguments)
    {
        arguments.TryGetValue("limit", out var name);
        var chosen = limits.Where(limit => name is null || limit.Name == name).ToList();
        if (chosen.Count == 0)
        {
            return new AdminOutcome(false, $"there is no limit '{name}'");
        }

        if (arguments.TryGetValue("key", out var key))
        {
            var found = 0;
            foreach (var limit in chosen)
            {
                var id = limit.Reader.Parse(key);
                found += limit.Table.Reset(id) ? 1 : 0;
                if (counters is not null && !limit.Reader.WithAddress)
                {
                    var reply = await counters.ResetAsync(counters.NameOf(limit, id, id.IsAddress ? [] : Encoding.UTF8.GetBytes(key), null));
                    if (!reply.IsDone)
                    {
                        return new AdminOutcome(false, $"redis: {reply.Problem}");
                    }
                }
            }

            return new AdminOutcome(true, $"forgotten in {found} limits");
        }

        if (arguments.TryGetValue("all", out var all) && all == "true")
        {
            var keys = chosen.Sum(limit => limit.Table.ResetAll());
            return new AdminOutcome(true, string.Create(CultureInfo.InvariantCulture, $"{keys} keys forgotten") + (counters is null ? "" : " here; those in redis stay until they end"));
        }

        return new AdminOutcome(false, "one of key or all=true is missing");
    }

    /// <summary>Shows each limit with its busiest keys.</summary>
    public void WriteView(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (shared is not null)
        {
            writer.WriteBoolean("without_redis", shared.IsUnshared);
        }

        writer.WriteStartArray("limits");
        foreach (var limit in limits)
        {
            Write(writer, limit);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void Write(Utf8JsonWriter writer, Limit limit)
    {
        var top = new PriorityQueue<KeyEntry, long>();
        limit.Table.Visit(now(), (entry, used) =>
        {
            if (used > 0)
            {
                if (top.Count < MostShown)
                {
                    top.Enqueue(entry, used);
                }
                else
                {
                    top.EnqueueDequeue(entry, used);
                }
            }
        });
        writer.WriteStartObject();
        writer.WriteString("name", limit.Name);
        writer.WriteNumber("rate", limit.Meter.Rate);
        writer.WriteNumber("per_seconds", limit.Meter.Per / (double)TimeSpan.TicksPerSecond);
        writer.WriteNumber("capacity", limit.Meter.Capacity);
        writer.WriteBoolean("dry_run", limit.IsDryRun);
        writer.WriteNumber("keys", limit.Table.Count);
        writer.WriteNumber("max_keys", limit.Table.Capacity);
        writer.WriteNumber("overflows", limit.Table.Overflows);
        writer.WriteStartArray("top");
        foreach (var (entry, used) in top.UnorderedItems.OrderByDescending(item => item.Priority))
        {
            writer.WriteStartObject();
            writer.WriteString("key", TextOf(entry));
            writer.WriteNumber("used", used);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string TextOf(in KeyEntry entry) =>
        entry.Id.Show(((ReadOnlySpan<byte>)entry.Text)[..entry.TextLength]) + (entry.TextLength == KeyEntry.MostText ? "…" : "");
}
