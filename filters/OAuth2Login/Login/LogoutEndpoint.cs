using System.Buffers;
using System.Text;
using FilterProxy.Filters.Jose;
using FilterProxy.Filters.OAuth2Login.Provider;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>
/// Ends sessions: at the user's wish and then at the provider too (RP-Initiated Logout), or because the provider says so through the browser
/// (Front-Channel Logout) or itself (Back-Channel Logout).
/// </summary>
internal sealed class LogoutEndpoint(LoginSite site, IdTokens idTokens)
{
    private const int LongestForm = 32 * 1024;

    /// <summary>The user wants it.</summary>
    public async ValueTask<FilterStatus> OfUserAsync(HttpExchange exchange)
    {
        if (IsCrossSite(exchange))
        {
            return Refuse(exchange, 403, "logout_denied", "another site asked for it");
        }

        var now = site.Now;
        var logout = site.Options.Logout;
        var origin = site.OriginOf(exchange);
        var location = logout.ReturnTo;
        var facts = logout.Provider ? await site.Provider.FindAsync(exchange.Aborted) : site.Provider.Facts;
        var found = site.Sessions.TryFind(exchange.Request, now, out var session, out _);
        if (found)
        {
            _ = await EndAllAsync(session!, now);
            Told(session!.Data.Subject, "user");
            if (logout.Revoke && session.Data.RefreshToken is { } token)
            {
                // The browser need not wait for it.
                _ = Task.Run(() => site.Provider.RevokeAsync(token));
            }
        }

        if (logout.Provider && facts?.EndSession is { } end)
        {
            // The hint tells the provider whom to log out without asking.
            var hint = session?.Data.IdToken is { } idToken ? $"id_token_hint={idToken}&" : "";
            location = $"{end.AbsoluteUri}{(end.Query.Length > 0 ? '&' : '?')}{hint}client_id={Uri.EscapeDataString(site.Options.ClientId)}"
                + $"&post_logout_redirect_uri={Uri.EscapeDataString(origin + logout.ReturnTo)}";
        }

        var status = Replies.Redirect(exchange, 303, "logout_done", location);
        site.Sessions.Jar.Remove(exchange);
        return status;
    }

    /// <summary>The provider's page has this in a frame.</summary>
    public async ValueTask<FilterStatus> OfFrontChannelAsync(HttpExchange exchange)
    {
        if (!QueryFields.TryParse(exchange.Request.Query, out var query))
        {
            return Refuse(exchange, 400, "logout_bad_request", "a parameter comes twice, or there are too many");
        }

        var (issuer, sid) = (query["iss"], query["sid"]);
        if ((issuer is not null && issuer != site.Options.Issuer) || (sid is null) != (issuer is null))
        {
            return Refuse(exchange, 400, "logout_bad_request", "it is not from the provider, or names a session without saying whose");
        }

        var now = site.Now;
        var found = site.Sessions.TryFind(exchange.Request, now, out var session, out _);
        var isThis = found && (sid is null || session!.Data.Sid == sid);
        var isTold = sid is not { Length: > 0 and <= 256 } || await EndSidAsync(Digest.Of(site.Options.Issuer, "sid", sid), now);
        if (isThis)
        {
            isTold &= await site.Sessions.EndAsync(session!, now);
        }

        if (!isTold)
        {
            return site.SessionsUnavailable(exchange);
        }

        if (isThis || sid is not null)
        {
            Told(isThis ? session!.Data.Subject : null, "front_channel");
        }

        var status = Replies.Empty(exchange, "logout_done");
        if (isThis)
        {
            site.Sessions.Jar.Remove(exchange);
        }

        return status;
    }

    /// <summary>The provider says it itself, with a token it signed.</summary>
    public async ValueTask<FilterStatus> OfBackChannelAsync(HttpExchange exchange)
    {
        if (exchange.Request.MethodKind != HttpMethodKind.Post)
        {
            return RefuseToken(exchange, 405, "only POST");
        }

        var body = await exchange.BufferRequestBodyAsync(LongestForm);
        if (!body.IsComplete || !QueryFields.TryParse(body.Body.ToArray(), out var form) || form["logout_token"] is not { Length: > 0 } token
            || !Ascii.IsValid(token))
        {
            return RefuseToken(exchange, 400, "there is no logout_token");
        }

        var (claims, problem) = await idTokens.CheckLogoutAsync(token);
        if (claims is null)
        {
            return RefuseToken(exchange, 400, $"the logout token cannot be believed: {problem}");
        }

        _ = claims.Root.TryGetText("jti", out var id);
        var spent = Digest.Of(site.Options.Issuer, "jti", id);
        if (!site.State.Spent.TryAdd(spent, LoginState.Present))
        {
            return RefuseToken(exchange, 400, "the logout token was used before");
        }

        // With a session only that one ends, without one all of the user's (§2.7).
        var key = claims.Root.TryGetText("sid", out var sid) && sid.Length > 0
            ? Digest.Of(site.Options.Issuer, "sid", sid)
            : Digest.Of(site.Options.Issuer, "sub", claims.Subject!);
        if (!await site.Sessions.EndAsync(key, site.Now))
        {
            // The provider may try again with the same token.
            site.State.Spent.Remove(spent);
            return site.SessionsUnavailable(exchange);
        }

        Told(claims.Subject, "back_channel");
        return Replies.Empty(exchange, "logout_done");
    }

    // Nobody has signed it: what was never seen is not written down, or a stranger could fill the table of what has ended.
    private async ValueTask<bool> EndSidAsync(UInt128 key, long now) => !await site.Sessions.KnowsSidAsync(key) || await site.Sessions.EndAsync(key, now);

    private async ValueTask<bool> EndAllAsync(Session session, long now)
    {
        var isTold = await site.Sessions.EndAsync(session, now);
        return (!site.Options.Logout.Everywhere || await site.Sessions.EndAsync(session.SubjectKey, now)) && isTold;
    }

    private void Told(string? subject, string kind)
    {
        site.Metrics.Logout(kind);
        Log.LoggedOut(site.Context.Logger, site.Context.Place, subject is null ? "somebody" : JwtFailure.Show(subject), kind);
    }

    // A page elsewhere must not log people out. Browsers say where a request comes from; who says nothing is none, and has no cookie of another.
    private bool IsCrossSite(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (headers.TryGet("sec-fetch-site"u8, out var from))
        {
            return from.SequenceEqual("cross-site"u8);
        }

        return headers.TryGet(KnownHeader.Origin, out var origin) && !origin.SequenceEqual(Encoding.ASCII.GetBytes(site.OriginOf(exchange)));
    }

    private FilterStatus RefuseToken(HttpExchange exchange, int status, string problem)
    {
        site.Metrics.Logout("refused");
        site.Denials.Write(exchange, "logout_bad_request", problem);
        return Replies.Json(exchange, status, "logout_bad_request", "invalid_request", "");
    }

    private FilterStatus Refuse(HttpExchange exchange, int status, string reason, string problem)
    {
        site.Metrics.Logout("refused");
        site.Denials.Write(exchange, reason, problem);
        return Replies.Text(exchange, status, reason, "Nobody was logged out.");
    }
}
