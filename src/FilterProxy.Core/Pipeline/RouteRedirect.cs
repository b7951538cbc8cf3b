using System.Text;
using FilterProxy.Core.Routing;

namespace FilterProxy.Core.Pipeline;

/// <summary>A redirect of a route: parts that are not set come from the request.</summary>
/// <param name="Status">301, 302, 303, 307 or 308.</param>
/// <param name="Scheme">Scheme of the target; null for the request's.</param>
/// <param name="Host">Host of the target; null for the request's.</param>
/// <param name="Port">Port of the target; null for the request's, or the scheme's default when scheme or host is set.</param>
/// <param name="Path">Path of the target; null for the request's.</param>
/// <param name="StripQuery">Whether the query is left out.</param>
internal sealed record RouteRedirect(int Status, string? Scheme, string? Host, int? Port, PathRewrite? Path, bool StripQuery)
{
    /// <summary>Replies, or returns why the target cannot be made.</summary>
    public ProxyError Reply(HttpExchange exchange, RouteCaptures captures)
    {
        var error = Locate(exchange.Request, captures, exchange.Downstream.IsTls, out var location);
        if (!error.IsError)
        {
            exchange.Reply(Status, ReasonCodes.RouteRedirect);
            exchange.Response.Headers.Set("location", location);
        }

        return error;
    }

    /// <summary>Makes the target, or returns why it cannot be made.</summary>
    public ProxyError Locate(RequestHead request, RouteCaptures captures, bool isTls, out string target)
    {
        target = "";
        if (Path is not null && Path.Apply(request, captures) is { IsError: true } error)
        {
            return error;
        }

        var location = new StringBuilder();
        if (Scheme is not null || Host is not null || Port is not null)
        {
            location.Append(Scheme ?? (isTls ? "https" : "http")).Append("://");
            AppendAuthority(location, Encoding.ASCII.GetString(request.Authority));
        }

        // A path that begins with two slashes would name another host: the request's path is merged or escaped before, and
        // the first slash here is followed by what the client asked for, never by a second one.
        var path = Encoding.ASCII.GetString(request.Path);
        location.Append(path.StartsWith("//", StringComparison.Ordinal) ? string.Concat("/", path.TrimStart('/')) : path);
        if (request.HasQuery && !StripQuery)
        {
            location.Append('?').Append(Encoding.ASCII.GetString(request.Query));
        }

        target = location.ToString();
        return default;
    }

    private void AppendAuthority(StringBuilder location, string authority)
    {
        var bracket = authority.LastIndexOf(']');
        var colon = authority.LastIndexOf(':');
        var hasPort = colon > bracket;
        location.Append(Host ?? (hasPort ? authority[..colon] : authority));
        if (Port is { } port)
        {
            location.Append(':').Append(port);
        }
        else if (hasPort && Scheme is null && Host is null)
        {
            location.Append(authority.AsSpan(colon));
        }
    }
}
