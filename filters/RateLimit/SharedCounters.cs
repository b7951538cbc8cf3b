using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.RateLimit;

/// <summary>The counters in redis that instances share: one call of a script per limit, all sent together.</summary>
internal sealed class SharedCounters(RespClient redis, string prefix) : IDisposable
{
    /// <summary>Longer keys are named by their hash.</summary>
    private const int LongestKey = 64;

    /// <summary>Asks whether a cost may be taken.</summary>
    /// <returns>Null when redis gave no answer, or none that makes sense.</returns>
    public async Task<Verdict?> TakeAsync(Limit limit, byte[] key, long cost)
    {
        var meter = limit.Meter;
        var command = RateScripts.Take.Call(1, 6).AddKey(key).Add(KindOf(meter)).Add(meter.Rate).Add(Math.Max(1, meter.Per / 10)).Add(limit.MaxDelay).Add(meter.Capacity)
            .Add(Math.Min(cost, meter.Capacity + 1));
        var reply = await redis.SendAsync(command);
        if (!reply.IsDone || reply.Value.Items is not { Length: 4 } items
            || !items[0].TryGetInteger(out var allowed) || !items[1].TryGetInteger(out var left) || !items[2].TryGetInteger(out var reset) || !items[3].TryGetInteger(out var wait))
        {
            return null;
        }

        // Who lies, or whose clock is astray, must not lock anybody out for years.
        var longest = meter.Per + (long)Math.Min((double)meter.Per * meter.Capacity / meter.Rate, TimeSpan.TicksPerDay * 62);
        return new Verdict(allowed == 1, Math.Clamp(left, 0, meter.Capacity), TicksOf(reset, longest), TicksOf(wait, longest));
    }

    /// <summary>Gives a cost back; nobody waits for it.</summary>
    public void Return(Limit limit, byte[] key, long cost) =>
        _ = redis.SendAsync(RateScripts.Return.Call(1, 2).AddKey(key).Add(KindOf(limit.Meter)).Add(cost)).AsTask();

    /// <summary>Forgets what was counted of a key.</summary>
    public async Task<RespReply> ResetAsync(byte[] key) => await redis.SendAsync(new RespCommand(2).Add("DEL"u8).AddKey(key));

    public void Dispose() => redis.Dispose();

    /// <summary>A key's name: the same in every instance, and never another key's.</summary>
    public byte[] NameOf(Limit limit, in KeyId id, ReadOnlySpan<byte> text, KeyId? address)
    {
        var name = new List<byte>(prefix.Length + limit.Name.Length + 64);
        name.AddRange(Encoding.UTF8.GetBytes(prefix));
        name.AddRange(Encoding.ASCII.GetBytes(limit.Name));
        if (id.IsAddress)
        {
            name.AddRange(":a:"u8);
            AddAddress(name, id);
        }
        else if (text.Length <= LongestKey)
        {
            name.AddRange(":k:"u8);
            name.AddRange(text);
        }
        else
        {
            name.AddRange(":h:"u8);
            name.AddRange(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(text))));
        }

        if (address is { } network)
        {
            name.AddRange("@"u8);
            AddAddress(name, network);
        }

        return [.. name];
    }

    private static void AddAddress(List<byte> name, in KeyId id)
    {
        Span<byte> digits = stackalloc byte[32];
        Utf8Formatter.TryFormat(id.High, digits, out _, new System.Buffers.StandardFormat('x', 16));
        Utf8Formatter.TryFormat(id.Low, digits[16..], out _, new System.Buffers.StandardFormat('x', 16));
        name.AddRange(digits);
    }

    private static ReadOnlySpan<byte> KindOf(Meter meter) => meter.Algorithm switch
    {
        RateAlgorithm.FixedWindow => "f"u8,
        RateAlgorithm.SlidingWindow => "s"u8,
        RateAlgorithm.SlidingLog => "l"u8,
        _ => "b"u8,
    };

    private static long TicksOf(long microseconds, long longest) => Math.Clamp(microseconds, 0, longest / 10) * 10;
}
