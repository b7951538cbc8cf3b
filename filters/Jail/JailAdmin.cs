using System.Globalization;
using System.Text.Json;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.Jail;

/// <summary>What operators see of a jail, whom they set free, and whom they ban themselves.</summary>
internal sealed class JailAdmin(JailOptions options, JailState state, KeyReader reader, SharedBans? shared, TimeProvider time, Func<long> now)
{
    private const int MostShown = 200;

    /// <summary>What they can do.</summary>
    public static IReadOnlyList<AdminActionInfo> Actions { get; } =
    [
        new("jail_release", "Lifts the ban of a client, in all instances, and forgets its offences.", ["key"]),
        new("jail_ban", "Bans a client for some seconds, in all instances.", ["key", "seconds"]),
    ];

    public async ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments)
    {
        if (!arguments.TryGetValue("key", out var key) || key.Length == 0)
        {
            return new AdminOutcome(false, "key is missing");
        }

        var (id, name, shown) = SharedKey.Parse(reader, key);
        if (action == "jail_release")
        {
            var ban = state.Release(id) ?? new Ban(shown, id, 0, default, "", [], name);
            var isHere = ban.Until != 0;
            if (shared is not null && await shared.LiftAsync(ban) is { IsDone: false } reply)
            {
                return new AdminOutcome(false, $"redis: {reply.Problem}");
            }

            return new AdminOutcome(isHere, isHere ? $"{shown} is free" : $"{shown} was not banned here");
        }

        if (!arguments.TryGetValue("seconds", out var text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds < 1 || seconds > options.MaxBan.TotalSeconds)
        {
            return new AdminOutcome(false, $"seconds must be 1 to {options.MaxBan.TotalSeconds}");
        }

        var order = new Ban(shown, id, now() + (seconds * TimeSpan.TicksPerSecond), time.GetUtcNow().AddSeconds(seconds), "operator", ["an operator's order"], name);
        if (!state.Add(order, options.MaxKeys, now()))
        {
            return new AdminOutcome(false, "there is no room for more bans (max_keys)");
        }

        if (shared is not null)
        {
            await shared.TellAsync(order);
        }

        return new AdminOutcome(true, $"{shown} is banned until {order.Ends:u}");
    }

    public void WriteView(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("banned", state.BanCount);
        writer.WriteNumber("overflows", state.Overflows);
        writer.WriteBoolean("dry_run", options.DryRun);
        writer.WriteStartArray("bans");
        foreach (var ban in state.Bans.Where(ban => ban.Until > now()).OrderByDescending(ban => ban.Until).Take(MostShown))
        {
            writer.WriteStartObject();
            writer.WriteString("key", ban.Key);
            writer.WriteString("until", ban.Ends);
            writer.WriteString("cause", ban.Cause);
            writer.WriteBoolean("shared", ban.SharedAt != 0);
            writer.WriteStartArray("proof");
            foreach (var proof in ban.Proof)
            {
                writer.WriteStringValue(proof);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
