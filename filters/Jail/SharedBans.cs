using System.Globalization;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.Jail;

/// <summary>
/// The bans of all instances, in one hash of redis: name to end, cause and proof. An instance writes its own and looks at all of them again and again; one that
/// has gone was lifted somewhere. While redis is away everybody keeps what he has.
/// </summary>
internal sealed class SharedBans(RespClient redis, JailOptions options, JailState state, TimeProvider time, Func<long> now) : IDisposable
{
    private const char Separator = '\n';
    private const int MostText = 400;

    /// <summary>Tells others of a ban.</summary>
    public async Task TellAsync(Ban ban)
    {
        var text = string.Join(Separator, [ban.Ends.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), ban.Key, ban.Cause, .. ban.Proof.TakeLast(2)]);
        var reply = await redis.SendAsync(new RespCommand(4).Add("HSET"u8).AddKey(options.RedisKey).Add(ban.Name).Add(text.Length > MostText ? text[..MostText] : text));
        if (reply.IsDone)
        {
            ban.SharedAt = now();
        }
    }

    /// <summary>Tells others that a ban is lifted.</summary>
    public async Task<RespReply> LiftAsync(Ban ban) => await redis.SendAsync(new RespCommand(3).Add("HDEL"u8).AddKey(options.RedisKey).Add(ban.Name));

    /// <summary>Looks at the bans of all again and again, until it is stopped.</summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Sync, time);
        try
        {
            do
            {
                await SyncAsync();
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The configuration that had it is gone.
        }
    }

    /// <summary>Takes over what others have banned and lifted.</summary>
    public async Task SyncAsync()
    {
        var started = now();
        var reply = await redis.SendAsync(new RespCommand(2).Add("HGETALL"u8).AddKey(options.RedisKey));
        if (!reply.IsDone || reply.Value.Kind is not (RespKind.Map or RespKind.Array))
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var items = reply.Value.Items;
        for (var i = 0; i + 1 < items.Length; i += 2)
        {
            var name = items[i].Text;
            if (Read(name, items[i + 1].Text) is { } ban)
            {
                seen.Add(name);
                if (state.Find(ban.Id, now()) is not { } known)
                {
                    state.Add(ban, options.MaxKeys, now());
                }
                else
                {
                    known.SharedAt = Math.Max(known.SharedAt, started);
                }
            }
            else
            {
                _ = redis.SendAsync(new RespCommand(3).Add("HDEL"u8).AddKey(options.RedisKey).Add(items[i].Bytes)).AsTask();
            }
        }

        foreach (var ban in state.Bans)
        {
            if (ban.SharedAt != 0 && ban.SharedAt < started && !seen.Contains(ban.Name))
            {
                state.Release(ban.Id);
            }
        }
    }

    public void Dispose() => redis.Dispose();

    // Null for what has ended, or was never written by us. Nobody who writes there can ban for longer than the options allow.
    private Ban? Read(string name, string text)
    {
        var parts = text.Split(Separator);
        if (parts.Length < 3 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ends) || SharedKey.IdOf(name) is not { } id)
        {
            return null;
        }

        var left = Math.Min(ends - time.GetUtcNow().ToUnixTimeMilliseconds(), (long)options.MaxBan.TotalMilliseconds);
        return left <= 0 ? null : new Ban(parts[1], id, now() + (left * TimeSpan.TicksPerMillisecond), time.GetUtcNow().AddMilliseconds(left), parts[2], parts[3..], name) { SharedAt = now() };
    }
}
