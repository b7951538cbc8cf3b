using System.Security.Claims;
using System.Text;

namespace FilterProxy.ContractSketches;

/// <summary>Lets known sessions pass and sends everybody else to the login page, from where they come back.</summary>
[Component("sketch_login")]
public sealed class Login : IRequestFilter
{
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        if (request.TryGetCookie("session"u8, out var session) && session.StartsWith("user-"u8))
        {
            var name = Encoding.Latin1.GetString(session[5..]);
            exchange.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "session"));
            exchange.Metadata["login", "user"] = name;
            return new(FilterStatus.Continue);
        }

        var back = Uri.EscapeDataString(request.HasQuery ? $"{request.PathText}?{request.QueryText}" : request.PathText);
        exchange.Reply(302, "login_required");
        exchange.Response.Headers.Set("location", $"/login?return_to={back}");
        exchange.Response.Headers.Append("set-cookie", "session=; Max-Age=0; Path=/");
        exchange.Response.Headers.Append("set-cookie", $"return_to={back}; Path=/; HttpOnly; SameSite=Lax");
        return new(FilterStatus.Stop);
    }
}

/// <summary>Tells the upstream who is logged in: what one filter found out, another one uses.</summary>
[Component("sketch_identity")]
public sealed class Identity : IUpstreamRequestFilter
{
    public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
    {
        attempt.Headers.Remove("x-user");
        if (exchange.User?.Identity?.Name is { } name)
        {
            attempt.Headers.Set("x-user", name);
            attempt.Headers.Set("x-login", exchange.Metadata["login", "user"] ?? "");
        }

        return default;
    }
}
