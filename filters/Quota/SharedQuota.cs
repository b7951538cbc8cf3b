using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.Quota;

/// <summary>Quotas in redis: a number for each key and period, which goes away with the period.</summary>
internal sealed class SharedQuota(RespClient redis, QuotaOptions options) : IDisposable
{
    // What was counted without redis is always added; the cost only where it fits.
    private static readonly RespScript Take = new("""
        local cost, untold, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local used = tonumber(redis.call('GET', KEYS[1])) or 0
        local allowed = used + untold + cost <= limit and 1 or 0
        local more = untold + allowed * cost
        if more > 0 then
          used = redis.call('INCRBY', KEYS[1], string.format('%.0f', more))
          redis.call('PEXPIREAT', KEYS[1], ARGV[4])
        end
        return {allowed, used}
        """);

    /// <summary>Asks whether a cost fits; null when redis gives no answer that makes sense.</summary>
    /// <param name="name">The key's name.</param>
    /// <param name="period">The ticks of the period's beginning.</param>
    /// <param name="end">When the number may go.</param>
    /// <param name="cost">The cost.</param>
    /// <param name="untold">What was counted meanwhile.</param>
    public async Task<(bool IsAllowed, long Used)?> TakeAsync(string name, long period, DateTimeOffset end, long cost, long untold)
    {
        // An hour longer than it counts: clocks differ.
        var command = Take.Call(1, 4).AddKey(KeyOf(name, period)).Add(Math.Min(cost, options.Limit + 1)).Add(untold).Add(options.Limit).Add(end.AddHours(1).ToUnixTimeMilliseconds());
        var reply = await redis.SendAsync(command);
        return reply.IsDone && reply.Value.Items is [var allowed, var used] && allowed.TryGetInteger(out var yes) && used.TryGetInteger(out var count) && count >= 0
            ? (yes == 1, count)
            : null;
    }

    /// <summary>Sets what a key has used to nothing.</summary>
    public async Task<RespReply> ResetAsync(string name, long period) => await redis.SendAsync(new RespCommand(2).Add("DEL"u8).AddKey(KeyOf(name, period)));

    public void Dispose() => redis.Dispose();

    private string KeyOf(string name, long period) => $"fp:quota:{options.Name}:{period / TimeSpan.TicksPerMinute}:{name}";
}
