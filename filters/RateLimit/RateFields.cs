using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What responses say of limits: the draft's two structured fields, and the older three.</summary>
internal sealed class RateFields
{
    // Bytes of one limit in the field: its name, and two numbers.
    private const int LongestItem = 128;

    private readonly long[] _quotas;
    private readonly bool _draft;
    private readonly LegacyFields _legacy;
    private readonly byte[][] _names;
    private readonly byte[] _policy;

    public RateFields(RateLimitOptions options, Limit[] limits)
    {
        // Without redis a client is told of what this instance gives.
        var isShare = options.Redis is null && options.Instances > 1;
        _quotas = [.. limits.Select(limit => isShare ? limit.Meter.ShareOfCapacity : limit.Meter.Capacity)];
        _draft = options.Fields;
        _legacy = options.LegacyFields;
        _names = [.. limits.Select(limit => Encoding.ASCII.GetBytes($"\"{limit.Name}\""))];

        // draft-ietf-httpapi-ratelimit-headers §3.1: q is the quota, w the window in seconds.
        _policy = Encoding.ASCII.GetBytes(string.Join(", ", limits.Select((limit, i) => string.Create(
            CultureInfo.InvariantCulture, $"\"{limit.Name}\";q={_quotas[i]};w={Seconds(WindowOf(limit.Meter))}"))));
    }

    public bool AreWanted => _draft || _legacy != LegacyFields.None;

    public void Write(HeaderMap headers, ReadOnlySpan<Charge> charges)
    {
        if (_draft)
        {
            headers.Set("RateLimit-Policy"u8, _policy);
            WriteDraft(headers, charges);
        }

        if (_legacy != LegacyFields.None)
        {
            WriteLegacy(headers, charges);
        }
    }

    /// <summary>Whole seconds, rounded up: whoever comes back then is not too early.</summary>
    public static long Seconds(long ticks) => (Math.Max(0, ticks) + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;

    // For a bucket: until it has filled, or emptied.
    private static long WindowOf(Meter meter) => meter is BucketMeter ? (long)Math.Min((double)meter.Per * meter.Capacity / meter.Rate, TimeSpan.MaxValue.Ticks / 2) : meter.Per;

    private void WriteDraft(HeaderMap headers, ReadOnlySpan<Charge> charges)
    {
        Span<byte> line = stackalloc byte[charges.Length * LongestItem];
        var length = 0;
        for (var i = 0; i < charges.Length; i++)
        {
            ref readonly var charge = ref charges[i];
            if (!charge.Applies)
            {
                continue;
            }

            if (length > 0)
            {
                ", "u8.CopyTo(line[length..]);
                length += 2;
            }

            _names[i].CopyTo(line[length..]);
            length += _names[i].Length;
            ";r="u8.CopyTo(line[length..]);
            length += 3;
            Utf8Formatter.TryFormat(charge.Verdict.Remaining, line[length..], out var digits);
            length += digits;
            ";t="u8.CopyTo(line[length..]);
            length += 3;
            Utf8Formatter.TryFormat(Seconds(charge.Verdict.Reset), line[length..], out digits);
            length += digits;
        }

        if (length > 0)
        {
            headers.Set("RateLimit"u8, line[..length]);
        }
    }

    private void WriteLegacy(HeaderMap headers, ReadOnlySpan<Charge> charges)
    {
        var least = -1;
        for (var i = 0; i < charges.Length; i++)
        {
            if (charges[i].Applies && (least < 0 || charges[i].Verdict.Remaining < charges[least].Verdict.Remaining))
            {
                least = i;
            }
        }

        if (least < 0)
        {
            return;
        }

        var isX = _legacy == LegacyFields.XRatelimit;
        Set(headers, isX ? "X-RateLimit-Limit"u8 : "RateLimit-Limit"u8, _quotas[least]);
        Set(headers, isX ? "X-RateLimit-Remaining"u8 : "RateLimit-Remaining"u8, charges[least].Verdict.Remaining);
        Set(headers, isX ? "X-RateLimit-Reset"u8 : "RateLimit-Reset"u8, Seconds(charges[least].Verdict.Reset));
    }

    private static void Set(HeaderMap headers, ReadOnlySpan<byte> name, long number)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, digits, out var length);
        headers.Set(name, digits[..length]);
    }
}
