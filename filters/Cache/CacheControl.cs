using System.Buffers.Text;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>The directives of Cache-Control in one message (RFC 9111 §5.2, RFC 5861); numbers are seconds, negative where absent.</summary>
internal struct CacheControl
{
    /// <summary>The largest number of seconds that is told apart from a larger one (RFC 9111 §1.2.2).</summary>
    public const long MaxSeconds = int.MaxValue;

    public CacheControl()
    {
    }

    public bool NoStore { get; private set; }

    public bool NoCache { get; private set; }

    public bool Private { get; private set; }

    public bool Public { get; private set; }

    public bool MustRevalidate { get; private set; }

    public bool ProxyRevalidate { get; private set; }

    public bool MustUnderstand { get; private set; }

    public bool OnlyIfCached { get; private set; }

    public long MaxAge { get; private set; } = -1;

    public long SharedMaxAge { get; private set; } = -1;

    public long MaxStale { get; private set; } = -1;

    public long MinFresh { get; private set; } = -1;

    public long StaleWhileRevalidate { get; private set; } = -1;

    public long StaleIfError { get; private set; } = -1;

    /// <summary>Names that <c>private</c> and <c>no-cache</c> were qualified with; null for none.</summary>
    public List<byte[]>? Withheld { get; private set; }

    /// <summary>Whether a response may be used at all once it is no longer fresh (RFC 9111 §4.2.4).</summary>
    public readonly bool ForbidsStale => NoCache || MustRevalidate || ProxyRevalidate || SharedMaxAge >= 0;

    /// <summary>Reads one field line.</summary>
    public void Add(ReadOnlySpan<byte> line)
    {
        foreach (var item in new ListItems(line))
        {
            var equals = item.IndexOf((byte)'=');
            var name = equals < 0 ? item : item[..equals];
            Add(name, equals < 0 ? default : item[(equals + 1)..], hasArgument: equals >= 0);
        }
    }

    private void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> argument, bool hasArgument)
    {
        if (Is(name, "max-age"u8))
        {
            // RFC 9111 §4.2.1: of several the first, or the response is stale; here the shortest, which is both.
            MaxAge = Shortest(MaxAge, Seconds(argument));
        }
        else if (Is(name, "s-maxage"u8))
        {
            SharedMaxAge = Shortest(SharedMaxAge, Seconds(argument));
        }
        else if (Is(name, "no-cache"u8))
        {
            NoCache |= !Withhold(argument, hasArgument);
        }
        else if (Is(name, "private"u8))
        {
            Private |= !Withhold(argument, hasArgument);
        }
        else if (Is(name, "max-stale"u8))
        {
            MaxStale = hasArgument ? Seconds(argument) : MaxSeconds;
        }
        else if (Is(name, "min-fresh"u8))
        {
            MinFresh = Seconds(argument);
        }
        else if (Is(name, "stale-while-revalidate"u8))
        {
            StaleWhileRevalidate = Seconds(argument);
        }
        else if (Is(name, "stale-if-error"u8))
        {
            StaleIfError = Seconds(argument);
        }
        else
        {
            NoStore |= Is(name, "no-store"u8);
            Public |= Is(name, "public"u8);
            MustRevalidate |= Is(name, "must-revalidate"u8);
            ProxyRevalidate |= Is(name, "proxy-revalidate"u8);
            MustUnderstand |= Is(name, "must-understand"u8);
            OnlyIfCached |= Is(name, "only-if-cached"u8);
        }
    }

    /// <summary>A number of seconds, quoted or not; 0 where it is none, so that what nobody understands is stale (RFC 9111 §4.2.1).</summary>
    internal static long Seconds(ReadOnlySpan<byte> text)
    {
        if (text.Length >= 2 && text[0] == '"' && text[^1] == '"')
        {
            text = text[1..^1];
        }

        if (text.IsEmpty || text.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return 0;
        }

        return Utf8Parser.TryParse(text, out long seconds, out _) ? Math.Min(seconds, MaxSeconds) : MaxSeconds;
    }

    private static long Shortest(long known, long other) => known < 0 ? other : Math.Min(known, other);

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> directive) => HeaderName.Equals(name, directive);

    // no-cache="a, b" and private="a, b" are about those fields alone.
    private bool Withhold(ReadOnlySpan<byte> argument, bool hasArgument)
    {
        if (!hasArgument || argument.Length < 2 || argument[0] != '"')
        {
            return false;
        }

        foreach (var field in new ListItems(argument.Trim((byte)'"')))
        {
            (Withheld ??= []).Add(field.ToArray());
        }

        return Withheld is not null;
    }
}
