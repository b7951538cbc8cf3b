using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>The filter's own answers. None of them may be kept by a cache or tell the next site where one was.</summary>
internal static class Replies
{
    private const string TextType = "text/plain; charset=utf-8";
    private const string JsonType = "application/json";

    public static FilterStatus Redirect(HttpExchange exchange, int status, string reason, string location)
    {
        exchange.Reply(status, reason);
        exchange.Response.Headers.Set("location", location);
        return Finish(exchange);
    }

    /// <summary>A redirect by the page itself, which the browser counts as this site's own: a strict cookie goes with it.</summary>
    public static FilterStatus Continue(HttpExchange exchange, string reason, string location)
    {
        var attribute = location.Replace("&", "&amp;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal);
        exchange.Reply(
            200,
            reason,
            Encoding.ASCII.GetBytes($"<!doctype html><meta http-equiv=\"refresh\" content=\"0;url='{attribute}'\"><a href=\"{attribute}\">Continue</a>\n"),
            "text/html; charset=utf-8");
        return Finish(exchange);
    }

    public static FilterStatus Text(HttpExchange exchange, int status, string reason, string text)
    {
        exchange.Reply(status, reason, Encoding.UTF8.GetBytes($"{text} ({reason})\n"), TextType);
        return Finish(exchange);
    }

    public static FilterStatus Json(HttpExchange exchange, int status, string reason, string error, string login)
    {
        exchange.Reply(status, reason, Encoding.UTF8.GetBytes($$"""{"error":"{{error}}","reason":"{{reason}}"{{(login.Length > 0 ? $",\"login\":\"{login}\"" : "")}}}""" + "\n"), JsonType);
        return Finish(exchange);
    }

    public static FilterStatus Empty(HttpExchange exchange, string reason)
    {
        exchange.Reply(200, reason);
        return Finish(exchange);
    }

    private static FilterStatus Finish(HttpExchange exchange)
    {
        exchange.Response.Headers.Set(KnownHeader.CacheControl, "no-store"u8);
        exchange.Response.Headers.Set("referrer-policy", "no-referrer");
        return FilterStatus.Stop;
    }
}
