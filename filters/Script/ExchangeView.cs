using System.Text;

namespace FilterProxy.Filters.Script;

/// <summary>An exchange as scripts see it. Texts are made when they are asked for.</summary>
internal sealed class ExchangeView(HttpExchange exchange) : IScriptRequest, IScriptResponse
{
    public string Method => exchange.Request.MethodText;

    public string Scheme => exchange.Downstream.IsTls ? "https" : "http";

    public string Host
    {
        get
        {
            // RFC 3986 §3.2.2: the colons of an IPv6 address stand in brackets.
            var authority = exchange.Request.AuthorityText;
            var colon = authority.LastIndexOf(':');
            return (colon > authority.LastIndexOf(']') ? authority[..colon] : authority).ToLowerInvariant();
        }
    }

    public string Path => exchange.Request.PathText;

    public string Query => exchange.Request.QueryText;

    public string ClientIp => exchange.Downstream.ClientAddress?.ToString() ?? "";

    public string? Route => exchange.RouteName;

    public bool IsAuthenticated => exchange.User?.Identity?.IsAuthenticated == true;

    public string? UserName => exchange.User?.Identity?.Name;

    public int Status => exchange.Response.StatusCode;

    public string Reason => exchange.Stats.Reason;

    public double Duration => exchange.Stats.Duration.TotalMilliseconds;

    public string? Header(string name) => exchange.Request.Headers[name];

    public string? Cookie(string name) => exchange.Request.TryGetCookie(Encoding.UTF8.GetBytes(name), out var value) ? Encoding.Latin1.GetString(value) : null;

    public string? Parameter(string name) => exchange.Request.TryGetQuery(Encoding.UTF8.GetBytes(name), out var value)
        ? Uri.UnescapeDataString(Encoding.Latin1.GetString(value).Replace('+', ' '))
        : null;

    public string? Claim(string type) => exchange.User?.FindFirst(type)?.Value;

    public string? GetMetadata(string ns, string key) => exchange.HasMetadata ? exchange.Metadata[ns, key] : null;

    public void SetMetadata(string ns, string key, string? value) => exchange.Metadata[ns, key] = value;

    public string? ResponseHeader(string name) => exchange.Response.Headers[name];
}
