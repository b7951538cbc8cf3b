using System.Net;
using System.Text;
using FilterProxy.Filters.Http;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.Redirect;

/// <summary>
/// Sends clients to where a page is: to https, to the one host, to its new path, all in one step. No part of a request can name the host it
/// leads to, but for the host that was asked for.
/// </summary>
[Component("redirect")]
public sealed class RedirectFilter : IRequestFilter
{
    private readonly RedirectOptions _options;
    private readonly (ByteRegex Path, string Origin, string To, RedirectRule Rule)[] _rules;
    private readonly byte[][] _except;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An expression is none.</exception>
    public RedirectFilter(RedirectOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _rules = [.. options.Rules.Select(rule => (ByteRegex.Parse(rule.Path, whole: true), rule.Origin, rule.To[rule.Origin.Length..], rule))];
        _except = [.. options.Except.Select(Encoding.ASCII.GetBytes)];
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        if (!request.Path.StartsWith("/"u8) || IsExcepted(request.Path))
        {
            return new(FilterStatus.Continue);
        }

        if (FindRule(request.Path) is { } rule)
        {
            return Answer(exchange, rule.Options.Status ?? _options.Status, rule.Origin, rule.Target, rule.Options.KeepQuery);
        }

        var path = WithSlash(request.Path);
        return path is null && IsCanonicalHost(request.Authority) && !NeedsHttps(exchange)
            ? new(FilterStatus.Continue)
            : Answer(exchange, _options.Status, "", path ?? Encoding.Latin1.GetString(request.Path), keepQuery: true);
    }

    private bool IsExcepted(ReadOnlySpan<byte> path)
    {
        foreach (var beginning in _except)
        {
            if (path.StartsWith(beginning))
            {
                return true;
            }
        }

        return false;
    }

    private (RedirectRule Options, string Origin, string Target)? FindRule(ReadOnlySpan<byte> path)
    {
        foreach (var (expression, origin, to, rule) in _rules)
        {
            if (expression.IsMatch(path))
            {
                return (rule, origin, expression.Replace(path, to));
            }
        }

        return null;
    }

    /// <param name="exchange">The exchange.</param>
    /// <param name="status">The status.</param>
    /// <param name="origin">Scheme and host that a rule names; empty for the request's own, made canonical.</param>
    /// <param name="target">The path, and what a rule wrote behind it.</param>
    /// <param name="keepQuery">Whether the request's query goes on.</param>
    private ValueTask<FilterStatus> Answer(HttpExchange exchange, int status, string origin, string target, bool keepQuery)
    {
        var request = exchange.Request;
        if (origin.Length == 0 && (NeedsHttps(exchange) || !IsCanonicalHost(request.Authority)))
        {
            if (MakeOrigin(exchange) is not { } own)
            {
                exchange.Reply(400, "redirect_bad_host", "Bad request (redirect_bad_host)\n"u8.ToArray(), "text/plain; charset=utf-8");
                return new(FilterStatus.Stop);
            }

            origin = own;
        }

        var location = new StringBuilder(origin).Append(OneSlash(target));
        if (keepQuery && request.HasQuery && request.Query.Length > 0)
        {
            location.Append(target.Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(Encoding.Latin1.GetString(request.Query));
        }

        var text = location.ToString();
        var current = request.HasQuery ? $"{request.PathText}?{request.QueryText}" : request.PathText;
        if (text == current)
        {
            // It is there already: a rule whose target matches itself would send the client round for ever.
            return new(FilterStatus.Continue);
        }

        exchange.Reply(status, "redirect");
        exchange.Response.Headers.Set("location", text);
        return new(FilterStatus.Stop);
    }

    /// <summary>A path that begins with two slashes, or a backslash, is a host to browsers (WHATWG URL, "path or authority state").</summary>
    private static string OneSlash(string target) => string.Concat("/", target.TrimStart('/', '\\').Replace("\\", "%5C", StringComparison.Ordinal));

    private string? WithSlash(ReadOnlySpan<byte> path)
    {
        var ends = path[^1] == (byte)'/';
        return _options.TrailingSlash switch
        {
            SlashPolicy.Remove when ends && path.Length > 1 => Encoding.Latin1.GetString(path.TrimEnd((byte)'/')) is { Length: > 0 } text ? text : "/",
            SlashPolicy.Add when !ends && !path[(path.LastIndexOf((byte)'/') + 1)..].Contains((byte)'.') => Encoding.Latin1.GetString(path) + "/",
            _ => null,
        };
    }

    private bool NeedsHttps(HttpExchange exchange)
    {
        if (!_options.Https || exchange.Downstream.IsTls)
        {
            return false;
        }

        // Only a trusted proxy's word is still there (http.forwarding.trusted_proxies).
        return !exchange.Request.Headers.TryGet(KnownHeader.XForwardedProto, out var scheme) || !Ascii.EqualsIgnoreCase(scheme, "https"u8);
    }

    private bool IsCanonicalHost(ReadOnlySpan<byte> authority)
    {
        if (_options.Host is null && _options.Www == WwwPolicy.Keep)
        {
            return true;
        }

        var host = Authority.HostOf(authority);
        if (_options.Host is { } only)
        {
            return Ascii.EqualsIgnoreCase(host, only);
        }

        var isLong = host.Length > 4 && Ascii.EqualsIgnoreCase(host[..4], "www."u8);
        return _options.Www == WwwPolicy.Remove ? !isLong : isLong || !IsDomain(host);
    }

    private static bool IsDomain(ReadOnlySpan<byte> host) => host.Contains((byte)'.') && host[0] != (byte)'[' && !IPAddress.TryParse(Encoding.Latin1.GetString(host), out _);

    /// <summary>Scheme and authority of the request, made canonical; null where its host is none.</summary>
    private string? MakeOrigin(HttpExchange exchange)
    {
        var authority = exchange.Request.Authority;
        var host = _options.Host ?? Encoding.Latin1.GetString(Authority.HostOf(authority));
        if (_options.Host is null && Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown)
        {
            return null;
        }

        if (_options.Www == WwwPolicy.Remove && host.StartsWith("www.", StringComparison.OrdinalIgnoreCase))
        {
            host = host[4..];
        }
        else if (_options.Www == WwwPolicy.Add && !IsCanonicalHost(authority))
        {
            host = "www." + host;
        }

        if (_options.Https)
        {
            return _options.HttpsPort == 443 ? $"https://{host}" : $"https://{host}:{_options.HttpsPort}";
        }

        var port = Encoding.Latin1.GetString(authority[Authority.HostOf(authority).Length..]);
        return $"{(exchange.Downstream.IsTls ? "https" : "http")}://{host}{port}";
    }
}
