using System.ComponentModel.DataAnnotations;
using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.OAuth2Login;

/// <summary>Options of <see cref="OAuth2LoginFilter"/>.</summary>
public sealed record OAuth2LoginOptions : ProviderOptions
{
    private static readonly string[] OwnParameters =
        ["response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "request", "request_uri"];

    /// <summary>What is asked for; `openid` is always. Default: openid and profile.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = ["openid", "profile"];

    /// <summary>Further parameters of the authorization request, e.g. `prompt`, `audience` or `acr_values`. Default: none.</summary>
    public IReadOnlyDictionary<string, string> AuthorizationParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Path below which the filter answers itself: `login`, `callback`, `logout`, `frontchannel_logout`, `backchannel_logout`. A route must send it here. Default: /oauth2.
    /// </summary>
    public string Path { get; init; } = "/oauth2";

    /// <summary>Scheme and authority browsers see, e.g. `https://app.example.com`. Default: what each request was sent to.</summary>
    public string? ExternalUrl { get; init; }

    /// <summary>Whether claims are also read from the provider's userinfo, at login and at each refresh. Default: false.</summary>
    public bool Userinfo { get; init; }

    /// <summary>What becomes of requests without a session: `login`, `deny` or `pass`. Default: login.</summary>
    public AnonymousAction Anonymous { get; init; } = AnonymousAction.Login;

    /// <summary>Paths of APIs, e.g. `/api/*`: they get 401 as JSON, whatever the request looks like. Default: requests that are no page's get it.</summary>
    public IReadOnlyList<string> ApiPaths { get; init; } = [];

    /// <summary>What a session must have to pass; else 403.</summary>
    public RequireOptions Require { get; init; } = new();

    /// <summary>Claim that holds the user's roles, a list or a text; dots lead into objects, e.g. `realm_access.roles`. Default: roles.</summary>
    public string RolesClaim { get; init; } = "roles";

    /// <summary>The token upstreams get in `Authorization`: `none`, `access_token` or `id_token`. Default: none.</summary>
    public TokenRelay Relay { get; init; } = TokenRelay.None;

    /// <summary>Claims by request header that upstreams get them in; what clients send there is dropped. Default: none.</summary>
    public IReadOnlyDictionary<string, string> ClaimHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>Duration before an access token's end at which it is refreshed. Default: 1m.</summary>
    public TimeSpan RefreshBefore { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Duration a session goes on with an expired token while the provider cannot be reached. Default: 0, it waits for the provider.</summary>
    public TimeSpan Stale { get; init; } = TimeSpan.Zero;

    /// <summary>Duration one may take to log in. Default: 15m.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long sessions last and where they are kept.</summary>
    public SessionOptions Session { get; init; } = new();

    /// <summary>What logging out does.</summary>
    public LogoutOptions Logout { get; init; } = new();

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in base.Validate(validationContext))
        {
            yield return problem;
        }

        if (Path.Length < 2 || Path[0] != '/' || Path[^1] == '/' || Path.Contains("//", StringComparison.Ordinal)
            || !Path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.' or '~'))
        {
            yield return new($"'{Path}' is no path like '/oauth2'", [nameof(Path)]);
        }

        if (ExternalUrl is { } external && (!Uri.TryCreate(external, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http")
            || url.GetLeftPart(UriPartial.Authority) != external.TrimEnd('/')))
        {
            yield return new($"'{external}' is no scheme and authority like 'https://app.example.com'", [nameof(ExternalUrl)]);
        }

        if (AuthorizationParameters.Keys.FirstOrDefault(name => OwnParameters.Contains(name, StringComparer.Ordinal)) is { } own)
        {
            yield return new($"'{own}' is the filter's own", [nameof(AuthorizationParameters)]);
        }

        if (ClaimHeaders.Keys.FirstOrDefault(name => !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))) is { } wrong)
        {
            yield return new($"'{wrong}' is no header name", [nameof(ClaimHeaders)]);
        }

        if (ApiPaths.FirstOrDefault(path => !PathRule.TryParse(path, out _)) is { } noPath)
        {
            yield return new($"'{noPath}' is no path like '/api' or '/api/*'", [nameof(ApiPaths)]);
        }

        if (RefreshBefore < TimeSpan.Zero || Stale < TimeSpan.Zero)
        {
            yield return new("must not be negative", [RefreshBefore < TimeSpan.Zero ? nameof(RefreshBefore) : nameof(Stale)]);
        }

        if (LoginTimeout < TimeSpan.FromSeconds(10) || LoginTimeout > TimeSpan.FromHours(1))
        {
            yield return new("must be between 10s and 1h", [nameof(LoginTimeout)]);
        }
    }
}
