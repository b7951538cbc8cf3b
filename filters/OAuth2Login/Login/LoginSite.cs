using System.Text;
using FilterProxy.Filters.Auth;
using FilterProxy.Filters.OAuth2Login.Provider;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>What the parts of one login filter work with.</summary>
internal sealed class LoginSite
{
    /// <exception cref="ArgumentException">A file or a key cannot be used.</exception>
    public LoginSite(OAuth2LoginOptions options, ComponentContext context)
    {
        Options = options;
        Context = context;
        State = context.Store(() => new LoginState(options.Session.Max));
        Keys = KeyFile.Read(options.Session, context) is { Count: > 0 } secrets ? new KeyRing(secrets) : State.Keys;
        Sessions = new SessionKeeper(options, State, Keys, context);
        Provider = new OpenIdProvider(options, context, forLogin: true);
        Denials = new DenialLog(context.Logger, context.Time);
        Metrics = new LoginMetrics(context.Meter);
        OwnPath = Encoding.ASCII.GetBytes(options.Path + "/");
    }

    public OAuth2LoginOptions Options { get; }

    public ComponentContext Context { get; }

    public LoginState State { get; }

    public KeyRing Keys { get; }

    public SessionKeeper Sessions { get; }

    public OpenIdProvider Provider { get; }

    public DenialLog Denials { get; }

    public LoginMetrics Metrics { get; }

    /// <summary>What the paths of the filter's own begin with.</summary>
    public byte[] OwnPath { get; }

    /// <summary>Unix milliseconds.</summary>
    public long Now => Context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Scheme and authority as the browser sees them.</summary>
    public string OriginOf(HttpExchange exchange) =>
        Options.ExternalUrl?.TrimEnd('/') ?? $"{(exchange.Downstream.IsTls ? "https" : "http")}://{exchange.Request.AuthorityText}";

    public static string ClientOf(HttpExchange exchange) => exchange.Downstream.ClientAddress?.ToString() ?? "a local client";

    /// <summary>Redis is away.</summary>
    public FilterStatus SessionsUnavailable(HttpExchange exchange)
    {
        Metrics.Request("unavailable");
        _ = Replies.Text(exchange, 503, "login_sessions_unavailable", "Sessions cannot be reached");
        exchange.Response.Headers.Set(KnownHeader.RetryAfter, "1"u8);
        return FilterStatus.Stop;
    }

    /// <summary>The provider is away.</summary>
    public FilterStatus Unavailable(HttpExchange exchange)
    {
        Metrics.Request("unavailable");
        _ = Replies.Text(exchange, 503, "login_provider_unavailable", "The login service cannot be reached");
        exchange.Response.Headers.Set(KnownHeader.RetryAfter, "5"u8);
        return FilterStatus.Stop;
    }
}
