using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Csrf;

/// <summary>
/// Refuses requests that change something and that a page of another site has made a browser send: by what the browser itself says of their origin, which
/// no page can change.
/// </summary>
[Component("csrf")]
public sealed class CsrfFilter : IRequestFilter
{
    private static readonly byte[] Body = "Forbidden (csrf_denied)\n"u8.ToArray();

    private readonly byte[][] _safe;
    private readonly byte[][] _cookies;
    private readonly PathRule[] _except;
    private readonly OriginRule[] _origins;
    private readonly bool _allowMissing;
    private readonly DenialLog _log;

    /// <summary>Prepares the lists.</summary>
    public CsrfFilter(CsrfOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _safe = [.. options.SafeMethods.Select(Encoding.ASCII.GetBytes)];
        _cookies = [.. options.Cookies.Select(Encoding.ASCII.GetBytes)];
        _except = [.. options.Except.Select(PathRule.Parse)];
        _origins = [.. options.Origins.Select(text => OriginRule.TryParse(text, out var rule) ? rule : throw new ArgumentException($"'{text}' is no origin"))];
        _allowMissing = options.AllowMissing;
        _log = new DenialLog(context.Logger, context.Time);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!IsChecked(exchange.Request))
        {
            return new(FilterStatus.Continue);
        }

        var headers = exchange.Request.Headers;
        var hasOrigin = headers.TryGet(KnownHeader.Origin, out var origin);
        if (headers.TryGet("sec-fetch-site"u8, out var site))
        {
            // The browser's own judgement: it knows of redirects and of what 'same' means.
            return new(site.SequenceEqual("same-origin"u8) || site.SequenceEqual("none"u8) || (hasOrigin && IsListed(origin))
                ? FilterStatus.Continue
                : Refuse(exchange, "csrf_denied", "the browser says it comes from another site"));
        }

        if (!hasOrigin && headers.TryGet(KnownHeader.Referer, out var referer))
        {
            origin = OriginOf(referer);
            hasOrigin = true;
        }

        if (!hasOrigin)
        {
            return new(_allowMissing ? FilterStatus.Continue : Refuse(exchange, "csrf_no_origin", "it does not say which page it is from"));
        }

        return new(IsOwn(exchange, origin) || IsListed(origin) ? FilterStatus.Continue : Refuse(exchange, "csrf_denied", "it comes from a page of another origin"));
    }

    private bool IsChecked(RequestHead request)
    {
        foreach (var method in _safe)
        {
            if (request.Method.SequenceEqual(method))
            {
                return false;
            }
        }

        foreach (var rule in _except)
        {
            if (rule.Matches(request.Path))
            {
                return false;
            }
        }

        var has = _cookies.Length == 0;
        foreach (var cookie in _cookies)
        {
            has |= request.TryGetCookie(cookie, out _);
        }

        return has;
    }

    // Host and port, not the scheme: a balancer in front may end TLS. A page of the other scheme is kept out by the browser where it matters (Secure cookies).
    private static bool IsOwn(HttpExchange exchange, ReadOnlySpan<byte> origin)
    {
        var colon = origin.IndexOf("://"u8);
        var authority = exchange.Request.Authority;
        return colon > 0 && authority.Length > 0 && Ascii.EqualsIgnoreCase(WithoutPort(origin[(colon + 3)..], origin[..colon]), WithoutPort(authority, origin[..colon]));
    }

    // The scheme's own port says nothing.
    private static ReadOnlySpan<byte> WithoutPort(ReadOnlySpan<byte> authority, ReadOnlySpan<byte> scheme)
    {
        var standard = Ascii.EqualsIgnoreCase(scheme, "https"u8) ? ":443"u8 : ":80"u8;
        return authority.EndsWith(standard) ? authority[..^standard.Length] : authority;
    }

    private bool IsListed(ReadOnlySpan<byte> origin)
    {
        foreach (var rule in _origins)
        {
            if (rule.Matches(origin))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> OriginOf(ReadOnlySpan<byte> referer)
    {
        var start = referer.IndexOf("://"u8);
        var end = start < 0 ? -1 : referer[(start + 3)..].IndexOfAny((byte)'/', (byte)'?', (byte)'#');
        return end < 0 ? referer : referer[..(start + 3 + end)];
    }

    private FilterStatus Refuse(HttpExchange exchange, string reason, string detail)
    {
        exchange.Reply(403, reason, Body, "text/plain; charset=utf-8");
        _log.Write(exchange, reason, detail);
        return FilterStatus.Stop;
    }
}
