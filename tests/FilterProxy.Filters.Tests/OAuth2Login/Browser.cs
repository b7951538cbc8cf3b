using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>A browser as a filter sees it: it keeps cookies, and follows only what a test tells it to.</summary>
internal sealed class Browser(IHttpFilter filter)
{
    /// <summary>Cookies by name.</summary>
    public Dictionary<string, string> Cookies { get; } = [];

    /// <summary>Set-Cookie fields of the last answer.</summary>
    public IReadOnlyList<string> LastSetCookies { get; private set; } = [];

    /// <summary>Asks for a page.</summary>
    public Task<Answer> PageAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync("GET", target, [("accept", "text/html,*/*"), .. headers]);

    public async Task<Answer> SendAsync(string method, string target, (string Name, string Value)[]? headers = null, byte[]? body = null)
    {
        using var exchange = TestExchange.Create(method, target, body).WithHost("app.example.com").OverTls("app.example.com");
        foreach (var (name, value) in headers ?? [])
        {
            exchange.WithHeader(name, value);
        }

        if (Cookies.Count > 0)
        {
            exchange.WithHeader("cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }

        var run = await exchange.RunAsync(filter);
        LastSetCookies = [.. ValuesOf(exchange.Response.Headers)];
        foreach (var field in LastSetCookies)
        {
            var pair = field.Split(';')[0].Split('=', 2);
            if (field.Contains("Max-Age=0", StringComparison.Ordinal))
            {
                Cookies.Remove(pair[0]);
            }
            else
            {
                Cookies[pair[0]] = pair[1];
            }
        }

        return new Answer(
            run.Status,
            exchange.Status,
            exchange.Reason,
            exchange.Response.Headers["location"],
            exchange.BodyText,
            run.Upstream is { } upstream ? upstream.Headers.ToDictionary() : [],
            exchange.User,
            exchange.Response.Headers["cache-control"]);
    }

    private static List<string> ValuesOf(HeaderMap headers)
    {
        var values = new List<string>();
        foreach (var value in headers.Values(KnownHeader.SetCookie))
        {
            values.Add(System.Text.Encoding.ASCII.GetString(value));
        }

        return values;
    }

    /// <summary>What came of a request.</summary>
    internal sealed record Answer(
        FilterStatus Went,
        int Status,
        string Reason,
        string? Location,
        string Body,
        Dictionary<string, string> Upstream,
        System.Security.Claims.ClaimsPrincipal? User,
        string? CacheControl)
    {
        public bool Passed => Went == FilterStatus.Continue;
    }
}

internal static class HeaderMapText
{
    public static Dictionary<string, string> ToDictionary(this HeaderMap headers)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in headers)
        {
            fields[System.Text.Encoding.Latin1.GetString(field.Name)] = System.Text.Encoding.Latin1.GetString(field.Value);
        }

        return fields;
    }
}
