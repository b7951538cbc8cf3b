using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Jose;
using FilterProxy.Filters.OAuth2Login.Provider;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>Sends browsers to the provider and takes them back: the authorization code grant with PKCE (OAuth 2.1 §4.1, OpenID Connect Core §3.1).</summary>
internal sealed class LoginEndpoint
{
    // A browser that begins more at once than it has tabs is in a loop, and its cookies are finite.
    private const int MostPending = 4;
    private const int LongestField = 4096;

    private readonly LoginSite _site;
    private readonly IdTokens _idTokens;
    private readonly byte[] _purpose;
    private readonly string _cookiePrefix;
    private readonly string _fixedQuery;

    public LoginEndpoint(LoginSite site, IdTokens idTokens)
    {
        (_site, _idTokens) = (site, idTokens);
        var options = site.Options;
        _cookiePrefix = site.Sessions.Jar.Name + Encoding.ASCII.GetString(CookieJar.PendingMark);
        _purpose = Encoding.UTF8.GetBytes($"login\0{_cookiePrefix}\0{options.Issuer}\0{options.ClientId}");
        var scopes = options.Scopes.Contains("openid", StringComparer.Ordinal) ? options.Scopes : ["openid", .. options.Scopes];
        _fixedQuery = string.Join('&', options.AuthorizationParameters
            .Prepend(new("scope", string.Join(' ', scopes)))
            .Prepend(new("client_id", options.ClientId))
            .Prepend(new("response_type", "code"))
            .Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"));
    }

    /// <summary>Sends a browser to the provider.</summary>
    public async ValueTask<FilterStatus> BeginAsync(HttpExchange exchange, string returnTo)
    {
        if (exchange.Request.Authority.IsEmpty && _site.Options.ExternalUrl is null)
        {
            return Refuse(exchange, 400, "login_no_host", "the request names no host to come back to");
        }

        if (await _site.Provider.FindAsync(exchange.Aborted) is not { Authorization: { } authorization })
        {
            return _site.Unavailable(exchange);
        }

        var login = PendingLogin.Begin(returnTo, _site.OriginOf(exchange) + _site.Options.Path + "/callback", _site.Now);
        var separator = authorization.Query.Length > 0 ? '&' : '?';
        var location = $"{authorization.AbsoluteUri}{separator}{_fixedQuery}&redirect_uri={Uri.EscapeDataString(login.RedirectUri)}&state={login.State}"
            + $"&nonce={login.Nonce}&code_challenge={login.Challenge}&code_challenge_method=S256";
        var tooMany = PendingCookies(exchange.Request) is { Count: >= MostPending } pending ? pending : [];
        _site.Metrics.Request("login");
        var status = Replies.Redirect(exchange, 302, "login_required", location);
        var sealedLogin = CookieJar.Encode(_site.Keys.Seal(login.Write(), _purpose));
        var seconds = ((long)_site.Options.LoginTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        exchange.Response.Headers.Append("set-cookie", $"{CookieOf(login.State)}={sealedLogin}; Max-Age={seconds}{Attributes}");
        tooMany.ForEach(name => Forget(exchange, name));
        return status;
    }

    /// <summary>Takes a browser back from the provider.</summary>
    public async ValueTask<FilterStatus> CompleteAsync(HttpExchange exchange)
    {
        if (!QueryFields.TryParse(exchange.Request.Query, out var query))
        {
            return Refuse(exchange, 400, "login_bad_callback", "a parameter comes twice, or there are too many");
        }

        if (!TryTakePending(exchange, query["state"], out var login, out var problem))
        {
            return Refuse(exchange, 400, "login_state_denied", problem);
        }

        var status = await RedeemAsync(exchange, query, login!);

        // Also where it failed: it cannot be come back to twice.
        Forget(exchange, CookieOf(login!.State));
        return status;
    }

    private async ValueTask<FilterStatus> RedeemAsync(HttpExchange exchange, QueryFields query, PendingLogin login)
    {
        if (await _site.Provider.FindAsync(exchange.Aborted) is not { } facts)
        {
            return _site.Unavailable(exchange);
        }

        // RFC 9207 §2.4: else the answer of one provider could be taken for another's, and its code be sent there (mix-up).
        if (query["iss"] is { } issuer ? issuer != _site.Options.Issuer : facts.SendsIssuer)
        {
            return Refuse(exchange, 400, "login_issuer_denied", query["iss"] is null ? "the provider must name itself and did not" : "another provider has answered");
        }

        if (query["error"] is { } error)
        {
            return Refuse(exchange, 403, "login_denied", $"the provider says {JwtFailure.Show(error)}");
        }

        if (query["code"] is not { Length: > 0 and <= LongestField } code)
        {
            return Refuse(exchange, 400, "login_bad_callback", "there is no code");
        }

        var tokens = await _site.Provider.AskTokensAsync(
        [
            new("grant_type", "authorization_code"), new("code", code), new("redirect_uri", login.RedirectUri), new("code_verifier", login.Verifier),
        ]);
        if (tokens.IsFailed)
        {
            return tokens.IsRefused
                ? Refuse(exchange, 400, "login_code_denied", $"the provider refused the code: {tokens.Problem}")
                : Refuse(exchange, 503, "login_provider_failed", $"the provider gave no tokens: {tokens.Problem}");
        }

        if (tokens.IdToken is not { } idToken)
        {
            return Refuse(exchange, 502, "login_id_token_denied", "the provider gave no ID token");
        }

        var (claims, problem) = await _idTokens.CheckAsync(idToken, login.Nonce, tokens.AccessToken);
        if (claims is null)
        {
            return Refuse(exchange, 502, "login_id_token_denied", problem);
        }

        JsonElement? user = null;
        if (_site.Options.Userinfo)
        {
            (user, problem) = await AskUserAsync(_site.Provider, tokens.AccessToken, claims.Subject!);
            if (user is null)
            {
                return Refuse(exchange, 502, "login_userinfo_denied", problem);
            }
        }

        return await EstablishAsync(exchange, login, tokens, claims, user);
    }

    /// <summary>The user's claims from userinfo, if they are that user's (OpenID Connect Core §5.3.2).</summary>
    public static async Task<(JsonElement? User, string Problem)> AskUserAsync(OpenIdProvider provider, string accessToken, string subject)
    {
        var (body, problem) = await provider.AskUserAsync(accessToken);
        return body is null ? (null, problem)
            : !StrictJson.TryParseObject(body, out var user, out problem) ? (null, $"userinfo is {problem}")
            : user.TryGetText("sub", out var who) && who == subject ? (user, "") : (null, "userinfo is another user's");
    }

    public static IEnumerable<JsonProperty> OfUser(JsonElement? user) => user is { } claims ? claims.EnumerateObject() : [];

    private async ValueTask<FilterStatus> EstablishAsync(HttpExchange exchange, PendingLogin login, TokenAnswer tokens, JwtClaims claims, JsonElement? user)
    {
        var now = _site.Now;

        // Always a new one: what the browser had before, somebody else may have put there (session fixation).
        var session = _site.Sessions.Create(new SessionData
        {
            Id = CookieJar.Encode(RandomNumberGenerator.GetBytes(SessionKeeper.IdLength * 3 / 4)),
            Issuer = _site.Options.Issuer,
            ClientId = _site.Options.ClientId,
            Subject = claims.Subject!,
            Sid = claims.Root.TryGetText("sid", out var sid) && sid.Length is > 0 and <= 256 ? sid : null,
            Created = now,
            Seen = now,
            TokensSince = now,
            TokenEnds = tokens.ExpiresIn == 0 ? 0 : now + (tokens.ExpiresIn * 1000),
            Scope = tokens.Scope ?? string.Join(' ', _site.Options.Scopes),
            AccessToken = tokens.AccessToken,
            RefreshToken = tokens.RefreshToken,
            IdToken = tokens.IdToken,
            Claims = IdTokens.Merge([.. claims.Root.EnumerateObject(), .. OfUser(user)]),
            UserClaims = [.. OfUser(user).Select(claim => claim.Name)],
        });
        if (_site.Sessions.TryFind(exchange.Request, now, out var before, out _))
        {
            await _site.Sessions.EndAsync(before, now);
        }

        if (!await _site.Sessions.StoreAsync(session))
        {
            return _site.SessionsUnavailable(exchange);
        }

        var status = _site.Options.Session.SameSite == SameSitePolicy.Strict
            ? Replies.Continue(exchange, "login_done", login.ReturnTo)
            : Replies.Redirect(exchange, 303, "login_done", login.ReturnTo);
        if (!_site.Sessions.Save(exchange, session, now))
        {
            return Refuse(exchange, 500, "login_session_too_large", $"its tokens and claims need more than {_site.Sessions.Jar.MaxCookies} cookies: keep sessions in memory, or raise max_cookies");
        }

        _site.Metrics.Login("done");
        Log.LoggedIn(_site.Context.Logger, _site.Context.Place, JwtFailure.Show(claims.Subject), LoginSite.ClientOf(exchange));
        return status;
    }

    private bool TryTakePending(HttpExchange exchange, string? state, out PendingLogin? login, out string problem)
    {
        login = null;
        if (state is not { Length: PendingLogin.StateLength } || !state.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            problem = "the state is none of ours";
            return false;
        }

        if (!exchange.Request.TryGetCookie(Encoding.ASCII.GetBytes(CookieOf(state)), out var cookie))
        {
            problem = "this browser has not begun the login, or has no cookies";
            return false;
        }

        if (CookieJar.Decode(cookie) is not { } bytes || !_site.Keys.TryOpen(bytes, _purpose, out var plain) || !PendingLogin.TryRead(plain, out login)
            || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(login.State), Encoding.ASCII.GetBytes(state)))
        {
            problem = "the login's cookie is another's, was tampered with, or its key is gone";
            return false;
        }

        var age = _site.Now - login.Created;
        problem = age > _site.Options.LoginTimeout.TotalMilliseconds || age < -_site.Options.ClockSkew.TotalMilliseconds ? "the login took too long"
            : !_site.State.Spent.TryAdd(Digest.Of(_site.Options.Issuer, "state", state), LoginState.Present) ? "the state was used before"
            : "";
        return problem.Length == 0;
    }

    private FilterStatus Refuse(HttpExchange exchange, int status, string reason, string problem)
    {
        _site.Metrics.Login(reason);
        _site.Denials.Write(exchange, reason, problem);
        return Replies.Text(exchange, status, reason, status switch
        {
            403 => "The login was denied.",
            >= 500 => "The login failed: try again later.",
            _ => "The login failed: begin again at the page you wanted.",
        });
    }

    // Lax whatever the session's cookie is: the provider sends the browser back from another site.
    private string Attributes => $"{_site.Sessions.Jar.Scope}; SameSite=Lax";

    private string CookieOf(string state) => _cookiePrefix + state[..PendingLogin.NameLength];

    private void Forget(HttpExchange exchange, string cookie)
    {
        if (exchange.HasReply)
        {
            exchange.Response.Headers.Append("set-cookie", $"{cookie}=; Max-Age=0{Attributes}");
        }
    }

    private List<string> PendingCookies(RequestHead request)
    {
        var found = new List<string>();
        var prefix = Encoding.ASCII.GetBytes(_cookiePrefix);
        foreach (var line in request.Headers.Values(KnownHeader.Cookie))
        {
            foreach (var range in line.Split((byte)';'))
            {
                var pair = line[range].Trim((byte)' ');
                var equals = pair.IndexOf((byte)'=');
                if (equals == prefix.Length + PendingLogin.NameLength && pair.StartsWith(prefix) && HeaderName.IsToken(pair[..equals]))
                {
                    found.Add(Encoding.ASCII.GetString(pair[..equals]));
                }
            }
        }

        return found;
    }
}
