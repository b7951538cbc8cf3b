using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>An OpenID provider in this process that follows the rules, and breaks each of them when a test says so.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    public const string ClientId = "web";
    public const string Secret = "a secret with spaces & signs";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ConcurrentDictionary<string, Grant> _codes = new();
    private readonly ConcurrentDictionary<string, Grant> _refreshTokens = new();
    private readonly TestUpstream _upstream;
    private readonly TimeProvider _time;
    private int _count;

    public FakeProvider(TimeProvider time)
    {
        _time = time;
        _upstream = TestUpstream.Start(AnswerAsync);
        Issuer = $"http://127.0.0.1:{_upstream.Port}";
    }

    public string Issuer { get; }

    /// <summary>Who logs in.</summary>
    public string Subject { get; set; } = "ada";

    /// <summary>The provider's own session of who logs in.</summary>
    public string Sid { get; set; } = "provider-session-1";

    /// <summary>Claims of the ID token besides those it must have.</summary>
    public JsonObject Claims { get; } = new() { ["roles"] = new JsonArray("admin", "staff"), ["email"] = "ada@example.com" };

    /// <summary>What userinfo says besides the subject.</summary>
    public JsonObject Userinfo { get; } = new() { ["department"] = "engines" };

    public string? UserinfoSubject { get; set; }

    /// <summary>Seconds access tokens live.</summary>
    public int ExpiresIn { get; set; } = 300;

    /// <summary>Whether there are refresh tokens.</summary>
    public bool GivesRefreshTokens { get; set; } = true;

    /// <summary>Changes the provider's description before it is sent.</summary>
    public Action<JsonObject>? LieInMetadata { get; set; }

    /// <summary>Changes the claims of an ID token before it is signed.</summary>
    public Action<JsonObject>? LieInIdToken { get; set; }

    /// <summary>Changes the header of a token before it is signed.</summary>
    public Action<JsonObject>? LieInHeader { get; set; }

    /// <summary>Changes what the token endpoint answers.</summary>
    public Action<JsonObject>? LieInAnswer { get; set; }

    /// <summary>Signs with a key nobody knows.</summary>
    public bool SignsWithOtherKey { get; set; }

    /// <summary>Answers requests of a path instead; null for the usual answer.</summary>
    public Func<string, UpstreamResponse?>? Instead { get; set; }

    /// <summary>Held back until a test opens it: how slow the token endpoint is.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>What introspection answers, by token.</summary>
    public ConcurrentDictionary<string, JsonObject> Opaque { get; } = new();

    public ConcurrentQueue<string> Revoked { get; } = new();

    /// <summary>Requests to a path so far.</summary>
    public int Count(string path) => _upstream.Requests.Count(request => request.Target == path);

    /// <summary>What of the grant the token endpoint was asked for.</summary>
    public int Grants(string type) => _upstream.Requests.Count(request => request.Text.Contains($"grant_type={type}", StringComparison.Ordinal));

    /// <summary>What a browser does at the authorization endpoint: logs in and is sent back.</summary>
    /// <returns>The query it comes back with.</returns>
    public string Authorize(string location)
    {
        var url = new Uri(location);
        Assert(location.StartsWith($"{Issuer}/authorize?", StringComparison.Ordinal), "the authorization endpoint");
        var query = HttpUtility.ParseQueryString(url.Query);
        Assert(query["response_type"] == "code" && query["client_id"] == ClientId && query["code_challenge_method"] == "S256", "the request's parameters");
        Assert(query["scope"]!.Split(' ').Contains("openid"), "the scope");
        var code = $"code-{Interlocked.Increment(ref _count)}";
        _codes[code] = new Grant(query["redirect_uri"]!, query["code_challenge"]!, query["nonce"]!);
        return $"code={code}&state={Uri.EscapeDataString(query["state"]!)}&iss={Uri.EscapeDataString(Issuer)}";
    }

    /// <summary>A token signed as ID tokens are.</summary>
    public string Sign(JsonObject claims, string? type = null)
    {
        var header = new JsonObject { ["alg"] = "ES256", ["kid"] = "k1" };
        if (type is not null)
        {
            header["typ"] = type;
        }

        LieInHeader?.Invoke(header);
        var text = $"{Encode(header)}.{Encode(claims)}";
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return $"{text}.{Base64Url.EncodeToString((SignsWithOtherKey ? other : _key).SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    /// <summary>A logout token as it should be.</summary>
    public JsonObject LogoutClaims() => new()
    {
        ["iss"] = Issuer,
        ["aud"] = ClientId,
        ["iat"] = Now,
        ["exp"] = Now + 120,
        ["jti"] = $"jti-{Interlocked.Increment(ref _count)}",
        ["sub"] = Subject,
        ["sid"] = Sid,
        ["events"] = new JsonObject { ["http://schemas.openid.net/event/backchannel-logout"] = new JsonObject() },
    };

    public long Now => _time.GetUtcNow().ToUnixTimeSeconds();

    public async ValueTask DisposeAsync()
    {
        await _upstream.DisposeAsync();
        _key.Dispose();
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    private static void Assert(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The client's authorization request is wrong: {what}");
        }
    }

    private async Task<UpstreamResponse> AnswerAsync(UpstreamRequest request)
    {
        if (Instead?.Invoke(request.Target) is { } instead)
        {
            return instead;
        }

        switch (request.Target)
        {
            case "/.well-known/openid-configuration":
                return Json(Describe());
            case "/jwks":
                return Json(Keys());
            case "/token":
                await Gate;
                return Redeem(request);
            case "/userinfo":
                return request.Headers["Authorization"]?.StartsWith("Bearer access-", StringComparison.Ordinal) == true
                    ? Json(new JsonObject(Userinfo.DeepClone().AsObject().ToDictionary(p => p.Key, p => p.Value?.DeepClone())) { ["sub"] = UserinfoSubject ?? Subject })
                    : UpstreamResponse.Create(401);
            case "/introspect":
                await Gate;
                return IsClient(request) ? Json(Opaque.GetValueOrDefault(Form(request)["token"]!)?.DeepClone().AsObject() ?? new JsonObject { ["active"] = false }) : UpstreamResponse.Create(401);
            case "/revoke":
                Revoked.Enqueue(Form(request)["token"]!);
                return UpstreamResponse.Ok("");
            default:
                return UpstreamResponse.Create(404);
        }
    }

    private JsonObject Describe()
    {
        var metadata = new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = $"{Issuer}/authorize",
            ["token_endpoint"] = $"{Issuer}/token",
            ["userinfo_endpoint"] = $"{Issuer}/userinfo",
            ["introspection_endpoint"] = $"{Issuer}/introspect",
            ["revocation_endpoint"] = $"{Issuer}/revoke",
            ["end_session_endpoint"] = $"{Issuer}/logout",
            ["jwks_uri"] = $"{Issuer}/jwks",
            ["code_challenge_methods_supported"] = new JsonArray("S256"),
            ["authorization_response_iss_parameter_supported"] = true,
        };
        LieInMetadata?.Invoke(metadata);
        return metadata;
    }

    private JsonObject Keys()
    {
        var point = _key.ExportParameters(false).Q;
        return new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = "k1", ["alg"] = "ES256", ["use"] = "sig",
                ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y),
            }),
        };
    }

    private UpstreamResponse Redeem(UpstreamRequest request)
    {
        var form = Form(request);
        if (!IsClient(request))
        {
            return Error(401, "invalid_client");
        }

        // Both hold once.
        var isRefresh = form["grant_type"] == "refresh_token";
        var table = isRefresh ? _refreshTokens : _codes;
        if (!table.TryRemove(form[isRefresh ? "refresh_token" : "code"] ?? "", out var grant))
        {
            return Error(400, "invalid_grant");
        }

        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"] ?? "")));
        if (!isRefresh && (form["redirect_uri"] != grant.RedirectUri || challenge != grant.Challenge))
        {
            return Error(400, "invalid_grant");
        }

        var number = Interlocked.Increment(ref _count);
        var access = $"access-{number}";
        var claims = Claims.DeepClone().AsObject();
        (claims["iss"], claims["sub"], claims["aud"], claims["sid"]) = (Issuer, Subject, ClientId, Sid);
        (claims["iat"], claims["exp"]) = (Now, Now + 300);
        claims["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(access)).AsSpan(0, 16));
        if (!isRefresh)
        {
            claims["nonce"] = grant.Nonce;
        }

        LieInIdToken?.Invoke(claims);
        var answer = new JsonObject
        {
            ["token_type"] = "Bearer", ["access_token"] = access, ["id_token"] = Sign(claims), ["expires_in"] = ExpiresIn, ["scope"] = "openid profile",
        };
        if (GivesRefreshTokens)
        {
            var refresh = $"refresh-{number}";
            _refreshTokens[refresh] = grant;
            answer["refresh_token"] = refresh;
        }

        LieInAnswer?.Invoke(answer);
        return Json(answer);
    }

    private static bool IsClient(UpstreamRequest request) =>
        request.Headers["Authorization"] is { } field && field.StartsWith("Basic ", StringComparison.Ordinal)
        && Encoding.UTF8.GetString(Convert.FromBase64String(field[6..])).Split(':').Select(HttpUtility.UrlDecode).SequenceEqual([ClientId, Secret]);

    private static System.Collections.Specialized.NameValueCollection Form(UpstreamRequest request) => HttpUtility.ParseQueryString(request.Text);

    private static UpstreamResponse Json(JsonObject json) => UpstreamResponse.Ok(json.ToJsonString(), ("Content-Type", "application/json"));

    private static UpstreamResponse Error(int status, string code) =>
        UpstreamResponse.Create(status, $$"""{"error":"{{code}}"}""", ("Content-Type", "application/json"));

    private sealed record Grant(string RedirectUri, string Challenge, string Nonce);
}
