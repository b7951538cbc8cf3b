using System.Text;

namespace FilterProxy.Filters.Cache;

/// <summary>Which requests pass by the cache: those the options name, and those whose answer may depend on what no key says.</summary>
internal sealed class CacheBypass(CacheBypassOptions options)
{
    // Frameworks let these override the method, host or path, which would be an answer kept under another's key.
    private static readonly byte[][] Overrides =
    [
        .. new[]
        {
            "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Original-Host", "X-Host",
            "X-Forwarded-Scheme", "X-Forwarded-Server", "X-Forwarded-Path", "X-Forwarded-Uri", "X-Forwarded-SSL",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    private readonly byte[][] _paths = [.. options.Paths.Select(Encoding.ASCII.GetBytes)];
    private readonly byte[][] _cookies = [.. options.Cookies.Select(Encoding.ASCII.GetBytes)];
    private readonly byte[][] _headers = [.. options.Headers.Select(Encoding.ASCII.GetBytes)];

    /// <summary>Whether a GET or HEAD passes by.</summary>
    public bool Matches(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;

        // A GET with a body: the body is in no key.
        return exchange.HasRequestBody || headers.Contains(KnownHeader.Upgrade) || IsNamed(exchange.Request) || HasOverride(headers);

        static bool HasOverride(HeaderMap headers)
        {
            foreach (var field in headers)
            {
                if (field.Known == KnownHeader.Unknown && field.Name.Length >= 6 && (field.Name[0] | 0x20) == 'x' && IsOverride(field.Name))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private static bool IsOverride(ReadOnlySpan<byte> name)
    {
        foreach (var known in Overrides)
        {
            if (HeaderName.Equals(name, known))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsNamed(RequestHead request)
    {
        foreach (var path in _paths)
        {
            if (request.Path.StartsWith(path))
            {
                return true;
            }
        }

        foreach (var name in _headers)
        {
            if (request.Headers.Contains(name))
            {
                return true;
            }
        }

        foreach (var name in _cookies)
        {
            if (request.TryGetCookie(name, out _))
            {
                return true;
            }
        }

        return false;
    }
}
