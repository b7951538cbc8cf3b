using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Cors;

/// <summary>
/// Tells browsers which pages of other origins may use what stands behind it (Fetch, 3.2). Preflights are answered here; an origin that was not
/// told is never repeated, and what the upstream says about origins is replaced.
/// </summary>
[Component("cors")]
public sealed class CorsFilter : IRequestFilter, IResponseFilter
{
    private static ReadOnlySpan<byte> PreflightVary => "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"u8;

    private readonly OriginSet _origins;
    private readonly TokenList _methods;
    private readonly TokenList _headers;
    private readonly byte[] _expose;
    private readonly byte[] _maxAge;
    private readonly bool _credentials;
    private readonly bool _privateNetwork;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is no origin, token or expression.</exception>
    public CorsFilter(CorsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _origins = new OriginSet(options.Origins, options.OriginRegex);
        _methods = new TokenList("methods", options.Methods, ignoreCase: false);
        _headers = new TokenList("headers", options.Headers, ignoreCase: true);
        _expose = new TokenList("expose_headers", options.ExposeHeaders, ignoreCase: true).Text;
        _maxAge = options.MaxAge > TimeSpan.Zero ? Encoding.ASCII.GetBytes(((long)options.MaxAge.TotalSeconds).ToString(CultureInfo.InvariantCulture)) : [];
        _credentials = options.Credentials;
        _privateNetwork = options.PrivateNetwork;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request.Headers;
        if (exchange.Request.MethodKind != HttpMethodKind.Options
            || !request.TryGet(KnownHeader.Origin, out var origin)
            || !request.TryGet("access-control-request-method"u8, out var method))
        {
            return new(FilterStatus.Continue);
        }

        request.TryGet("access-control-request-headers"u8, out var names);
        if (!_origins.Contains(origin))
        {
            return Refuse(exchange, "cors_origin_denied");
        }

        if (!_methods.Contains(method))
        {
            return Refuse(exchange, "cors_method_denied");
        }

        if (!_headers.ContainsAll(names))
        {
            return Refuse(exchange, "cors_header_denied");
        }

        exchange.Reply(204, "cors_preflight");
        Allow(exchange.Response.Headers, origin, method, names);
        if (_privateNetwork && request.TryGet("access-control-request-private-network"u8, out var wanted) && wanted.SequenceEqual("true"u8))
        {
            exchange.Response.Headers.Set("access-control-allow-private-network"u8, "true"u8);
        }

        return new(FilterStatus.Stop);
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        // The answer to a preflight says it all.
        if (exchange.HasReply && exchange.Stats.Reason.StartsWith("cors_", StringComparison.Ordinal))
        {
            return default;
        }

        var response = exchange.Response.Headers;
        response.Remove(KnownHeader.AccessControlAllowOrigin);
        response.Remove("access-control-allow-credentials"u8);
        response.Remove("access-control-expose-headers"u8);

        // Also where there was no Origin: a cache must not give this response to a page that sends one.
        if (!_origins.IsAny)
        {
            VaryByOrigin(response);
        }

        if (exchange.Request.Headers.TryGet(KnownHeader.Origin, out var origin) && _origins.Contains(origin))
        {
            AllowOrigin(response, origin);
            if (_expose.Length > 0)
            {
                response.Set("access-control-expose-headers"u8, _expose);
            }
        }

        return default;
    }

    private static ValueTask<FilterStatus> Refuse(HttpExchange exchange, string reason)
    {
        exchange.Reply(403, reason);
        exchange.Response.Headers.Append(KnownHeader.Vary, PreflightVary);
        return new(FilterStatus.Stop);
    }

    private void Allow(HeaderMap response, ReadOnlySpan<byte> origin, ReadOnlySpan<byte> method, ReadOnlySpan<byte> names)
    {
        AllowOrigin(response, origin);

        // With credentials '*' is a name like any other (Fetch, 3.2.2): what was asked for, and found to be a token, is said instead.
        response.Set("access-control-allow-methods"u8, _methods.IsAny ? method : _methods.Text);
        if (!names.IsEmpty)
        {
            response.Set("access-control-allow-headers"u8, _headers.IsAny ? names : _headers.Text);
        }

        if (_maxAge.Length > 0)
        {
            response.Set("access-control-max-age"u8, _maxAge);
        }

        response.Append(KnownHeader.Vary, PreflightVary);
    }

    private static void VaryByOrigin(HeaderMap response)
    {
        foreach (var line in response.Values(KnownHeader.Vary))
        {
            foreach (var range in line.Split((byte)','))
            {
                var name = line[range].Trim(" \t"u8);
                if (name.SequenceEqual("*"u8) || HeaderName.Equals(name, "Origin"u8))
                {
                    return;
                }
            }
        }

        response.Append(KnownHeader.Vary, "Origin"u8);
    }

    private void AllowOrigin(HeaderMap response, ReadOnlySpan<byte> origin)
    {
        response.Set(KnownHeader.AccessControlAllowOrigin, _origins.IsAny ? "*"u8 : origin);
        if (_credentials)
        {
            response.Set("access-control-allow-credentials"u8, "true"u8);
        }
    }
}
