using System.Buffers.Text;
using System.Text;

namespace FilterProxy.Filters.Cache;

/// <summary>Why a request went on to the upstream (RFC 9211 §2.2).</summary>
internal enum ForwardReason : byte
{
    None,
    Bypass,
    Method,
    UriMiss,
    VaryMiss,
    Stale,
    Request,
}

/// <summary>Writes Cache-Status (RFC 9211).</summary>
internal sealed class CacheStatus
{
    private const int Longest = 160;

    private readonly byte[] _name;

    /// <param name="name">The name of this cache; a token, or empty for no field at all.</param>
    public CacheStatus(string name) => _name = Encoding.ASCII.GetBytes(name);

    private static ReadOnlySpan<byte> Field => "Cache-Status"u8;

    /// <summary>An answer from the cache.</summary>
    /// <param name="response">Its fields.</param>
    /// <param name="ttl">For how many more seconds it is fresh; negative: for how many it has not been.</param>
    public void WriteHit(HeaderMap response, long ttl)
    {
        if (_name.Length == 0)
        {
            return;
        }

        Span<byte> text = stackalloc byte[Longest];
        _name.CopyTo(text);
        var length = _name.Length;
        length += Copy("; hit; ttl="u8, text[length..]);
        Utf8Formatter.TryFormat(ttl, text[length..], out var digits);
        response.Append(Field, text[..(length + digits)]);
    }

    /// <summary>An answer that was asked for.</summary>
    /// <param name="response">Its fields.</param>
    /// <param name="reason">Why.</param>
    /// <param name="forwarded">What the upstream answered, where that is not the status of the response; 0 otherwise.</param>
    /// <param name="stored">Whether it is kept.</param>
    /// <param name="collapsed">Whether another's fetch was waited for.</param>
    public void WriteForward(HeaderMap response, ForwardReason reason, int forwarded, bool stored, bool collapsed)
    {
        if (_name.Length == 0)
        {
            return;
        }

        Span<byte> text = stackalloc byte[Longest];
        _name.CopyTo(text);
        var length = _name.Length;
        length += Copy("; fwd="u8, text[length..]);
        length += Copy(NameOf(reason), text[length..]);
        if (forwarded > 0)
        {
            length += Copy("; fwd-status="u8, text[length..]);
            Utf8Formatter.TryFormat(forwarded, text[length..], out var digits);
            length += digits;
        }

        length += stored ? Copy("; stored"u8, text[length..]) : 0;
        length += collapsed ? Copy("; collapsed"u8, text[length..]) : 0;
        response.Append(Field, text[..length]);
    }

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        from.CopyTo(to);
        return from.Length;
    }

    private static ReadOnlySpan<byte> NameOf(ForwardReason reason) => reason switch
    {
        ForwardReason.Bypass => "bypass"u8,
        ForwardReason.Method => "method"u8,
        ForwardReason.VaryMiss => "vary-miss"u8,
        ForwardReason.Stale => "stale"u8,
        ForwardReason.Request => "request"u8,
        _ => "uri-miss"u8,
    };
}
