using System.Net;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Core.Config;
using Microsoft.AspNetCore.Http;

namespace FilterProxy.Host.Admin;

/// <summary>
/// Whom the admin API answers, before anything else looks at a request. Names in Host are few, so that no name somebody else makes point
/// here (DNS rebinding) is served; pages of other origins are refused; changes, and everything from other machines, need the token.
/// </summary>
internal sealed class AdminGuard(ProxyControl control, AdminAudit audit)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (Judge(context, control.Config.Admin) is var (status, refusal))
        {
            audit.Refused(context, refusal.Message);
            if (status == StatusCodes.Status401Unauthorized)
            {
                headers.WWWAuthenticate = "Bearer";
            }

            await AdminJson.WriteAsync(context, status, refusal);
            return;
        }

        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            audit.Failed(e, context);
            await AdminJson.WriteAsync(context, StatusCodes.Status500InternalServerError, new AdminError("internal_error", "it failed; the log says why"));
        }

        if (!context.Response.HasStarted && context.Response.StatusCode is >= 400 and var other && context.Response.ContentLength is null)
        {
            await AdminJson.WriteAsync(context, other, other switch
            {
                StatusCodes.Status404NotFound => new AdminError("not_found", "there is no such thing; GET / lists what there is"),
                StatusCodes.Status405MethodNotAllowed => new AdminError("method_not_allowed", "reads are GET, changes are POST; GET / lists them"),
                _ => new AdminError("bad_request", "the request is not understood; GET /openapi.json tells what is"),
            });
        }
    }

    /// <summary>Why a request is refused; null when it is not.</summary>
    internal static (int Status, AdminError Refusal)? Judge(HttpContext context, AdminConfig? config)
    {
        var request = context.Request;
        if (config is null)
        {
            return Forbidden("not_configured", "the configuration in force has no admin section");
        }

        if (!IsKnownHost(context, config))
        {
            return Forbidden("host_refused", "Host is none this listener answers to: localhost, a loopback address, the address it was reached at, or one of admin.allowed_hosts");
        }

        if (request.Headers.ContainsKey("Origin") && request.Headers.Origin != $"http://{request.Host.Value}")
        {
            return Forbidden("origin_refused", "a page of another origin asks");
        }

        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "same-origin" && site != "none")
        {
            return Forbidden("origin_refused", "a page of another site asks");
        }

        var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (isRead && AdminCaller.IsLocal(context))
        {
            return null;
        }

        if (config.Token is not { } token)
        {
            return Forbidden("no_token_configured", "admin.token is not set: nothing can be changed, and nothing read from another machine");
        }

        return HasToken(request, token)
            ? null
            : (StatusCodes.Status401Unauthorized, new AdminError("token_required", "this needs 'Authorization: Bearer …' with the token of admin.token"));
    }

    private static (int, AdminError)? Forbidden(string code, string message) => (StatusCodes.Status403Forbidden, new AdminError(code, message));

    private static bool IsKnownHost(HttpContext context, AdminConfig config)
    {
        var name = context.Request.Host.Host.Trim('[', ']').TrimEnd('.');
        if (IPAddress.TryParse(name, out var address))
        {
            var plain = AdminCaller.Plain(address);
            return IPAddress.IsLoopback(plain)
                || (context.Connection.LocalIpAddress is { } local && AdminCaller.Plain(local).Equals(plain))
                || IsAllowed(config, name);
        }

        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IsAllowed(config, name);
    }

    private static bool IsAllowed(AdminConfig config, string name) =>
        name.Length > 0 && config.AllowedHosts.Contains(name, StringComparer.OrdinalIgnoreCase);

    // By their hashes: neither the content nor the length of the token shows in the time it takes.
    private static bool HasToken(HttpRequest request, string token)
    {
        var given = request.Headers.Authorization.Count == 1 ? request.Headers.Authorization[0] ?? "" : "";
        Span<byte> one = stackalloc byte[SHA256.HashSizeInBytes], other = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? given[Scheme.Length..].Trim() : ""), one);
        SHA256.HashData(Encoding.UTF8.GetBytes(token), other);
        return CryptographicOperations.FixedTimeEquals(one, other);
    }
}
