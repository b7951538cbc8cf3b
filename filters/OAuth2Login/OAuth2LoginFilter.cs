using System.Text.Json;
using FilterProxy.Filters.OAuth2Login.Login;
using FilterProxy.Filters.OAuth2Login.Provider;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login;

/// <summary>
/// Logs people in at an OpenID provider and lets in who has a session. The session is found and admitted without waiting; only a login, a refresh and a
/// logout ask the provider.
/// </summary>
[Component("oauth2_login")]
public sealed class OAuth2LoginFilter : IRequestFilter, IUpstreamRequestFilter, IResponseFilter, IExplainedFilter, IStartable, IAdminView, IAdminAction, IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly OAuth2LoginOptions _options;
    private readonly ComponentContext _context;
    private readonly LoginSite _site;
    private readonly LoginEndpoint _login;
    private readonly LogoutEndpoint _logout;
    private readonly Refresher _refresher;
    private readonly Identity _identity;
    private readonly Admission _admission;
    private readonly Slot<Session> _toSave;
    private ITimer? _sweep;

    /// <summary>Checks what the options name. Nothing is asked of the provider before <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">A file or a key cannot be used, or there is no such cluster.</exception>
    public OAuth2LoginFilter(OAuth2LoginOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _context) = (options, context);
        _site = new LoginSite(options, context);
        var idTokens = new IdTokens(options, _site.Provider);
        _login = new LoginEndpoint(_site, idTokens);
        _logout = new LogoutEndpoint(_site, idTokens);
        _refresher = new Refresher(_site, idTokens);
        _identity = new Identity(options.Relay, options.ClaimHeaders);
        _admission = new Admission(options);
        _toSave = context.CreateSlot<Session>("session");
    }

    /// <inheritdoc/>
    public IReadOnlyList<AdminActionInfo> Actions { get; } = [new("end_sessions", "Logs a user out of all browsers.", ["subject"])];

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        if (ReferenceEquals(_site.Keys, _site.State.Keys) && _options.Session.Place == SessionPlace.Cookie)
        {
            Log.RandomKey(_context.Logger, _context.Place);
        }

        _site.Provider.Start(stop);
        _sweep = _context.Time.CreateTimer(static site => Sweep((LoginSite)site!), _site, SweepEvery, SweepEvery);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        var path = exchange.Request.Path;
        if (path.StartsWith(_site.OwnPath) && EndpointOf(path[_site.OwnPath.Length..]) is var endpoint and not Endpoint.None)
        {
            return _site.Sessions.MustAsk(exchange.Request, out var shown) ? AskAsync(exchange, shown, endpoint) : AnswerAsync(exchange, endpoint);
        }

        return _site.Sessions.MustAsk(exchange.Request, out var id) ? AskAsync(exchange, id, Endpoint.None) : DecideAsync(exchange);
    }

    private async ValueTask<FilterStatus> AskAsync(HttpExchange exchange, string id, Endpoint endpoint) =>
        !await _site.Sessions.AskAsync(id) && endpoint is Endpoint.None or Endpoint.Logout ? _site.SessionsUnavailable(exchange)
        : endpoint == Endpoint.None ? await DecideAsync(exchange)
        : await AnswerAsync(exchange, endpoint);

    private ValueTask<FilterStatus> DecideAsync(HttpExchange exchange)
    {
        var now = _site.Now;
        if (!_site.Sessions.TryFind(exchange.Request, now, out var session, out var problem))
        {
            return WithoutSession(exchange, problem);
        }

        return _refresher.Judge(session, now) switch
        {
            TokenNeed.None => new(Admit(exchange, session, now)),
            TokenNeed.Over => WithoutSession(exchange, "token_expired"),
            var need => RefreshAsync(exchange, session, need),
        };
    }

    /// <inheritdoc/>
    public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        _site.Sessions.Jar.HideFrom(attempt);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (exchange.Get(_toSave) is { } session)
        {
            if (!_site.Sessions.Save(exchange, session, _site.Now))
            {
                _site.Denials.Write(exchange, "login_session_too_large", "the refreshed session needs more cookies than max_cookies");
                _site.Sessions.Jar.Remove(exchange);
            }

            // Another's cache must not give this cookie to everybody.
            var headers = exchange.Response.Headers;
            if (!headers.TryGet(KnownHeader.CacheControl, out var kept) || kept.IndexOf("no-store"u8) < 0)
            {
                headers.Set(KnownHeader.CacheControl, "private, no-cache"u8);
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public string? Explain(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        var path = exchange.Request.Path;
        return path.StartsWith(_site.OwnPath) && EndpointOf(path[_site.OwnPath.Length..]) != Endpoint.None ? "answers it itself" : _admission.Explain(exchange.Request);
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("issuer", _options.Issuer);
        writer.WriteBoolean("provider_known", _site.Provider.Facts is not null);
        writer.WriteString("provider_problem", _site.Provider.Problem);
        writer.WriteNumber("sessions_in_memory", _site.State.Kept.Count);
        writer.WriteNumber("cookies_opened", _site.State.Opened.Count);
        writer.WriteNumber("ended", _site.State.Ended.Count);
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public async ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (!arguments.TryGetValue("subject", out var subject) || subject.Length == 0)
        {
            return new AdminOutcome(false, "subject is missing");
        }

        return await _site.Sessions.EndAsync(Digest.Of(_options.Issuer, "sub", subject), _site.Now)
            ? new AdminOutcome(true, "the sessions of this subject that began until now have ended")
            : new AdminOutcome(false, "they have ended at this proxy; redis, and so the others, could not be told");
    }

    /// <summary>Returns when nothing is asked of the provider in the background any more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_sweep is not null)
        {
            await _sweep.DisposeAsync();
        }

        await _site.Provider.DisposeAsync();
        _site.Sessions.Remote?.Dispose();
    }

    private static void Sweep(LoginSite site)
    {
        site.Sessions.Sweep();
        var now = site.Context.Time.GetTimestamp();
        site.State.Refreshes.RemoveWhere(refresh => !refresh.IsCurrent(now));
    }

    private static Endpoint EndpointOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("login"u8) ? Endpoint.Login
        : name.SequenceEqual("callback"u8) ? Endpoint.Callback
        : name.SequenceEqual("logout"u8) ? Endpoint.Logout
        : name.SequenceEqual("frontchannel_logout"u8) ? Endpoint.FrontChannelLogout
        : name.SequenceEqual("backchannel_logout"u8) ? Endpoint.BackChannelLogout
        : Endpoint.None;

    private ValueTask<FilterStatus> AnswerAsync(HttpExchange exchange, Endpoint endpoint)
    {
        if (endpoint is Endpoint.Login or Endpoint.Callback or Endpoint.FrontChannelLogout && exchange.Request.MethodKind != HttpMethodKind.Get)
        {
            var status = Replies.Text(exchange, 405, "login_bad_method", "Only GET is answered here");
            exchange.Response.Headers.Set("allow", "GET");
            return new(status);
        }

        return endpoint switch
        {
            Endpoint.Login => _login.BeginAsync(exchange, exchange.Request.TryGetQuery("return_to"u8, out var to) ? ReturnAddress.OfParameter(to) : "/"),
            Endpoint.Callback => _login.CompleteAsync(exchange),
            Endpoint.Logout => _logout.OfUserAsync(exchange),
            Endpoint.FrontChannelLogout => _logout.OfFrontChannelAsync(exchange),
            _ => _logout.OfBackChannelAsync(exchange),
        };
    }

    private FilterStatus Admit(HttpExchange exchange, Session session, long now)
    {
        if (!_admission.Allows(session))
        {
            _site.Metrics.Request("forbidden");
            _identity.Strip(exchange.Request);
            return _admission.IsPage(exchange.Request)
                ? Replies.Text(exchange, 403, "login_forbidden", "This page is not for you.")
                : Replies.Json(exchange, 403, "login_forbidden", "forbidden", "");
        }

        _site.Metrics.Request("session");
        if (_site.Sessions.IsStale(session, now))
        {
            exchange.Set(_toSave, session);
        }

        _identity.Tell(exchange, session);
        return FilterStatus.Continue;
    }

    private async ValueTask<FilterStatus> RefreshAsync(HttpExchange exchange, Session session, TokenNeed need)
    {
        RefreshOutcome outcome;
        try
        {
            outcome = await _refresher.RefreshAsync(session).WaitAsync(exchange.Aborted);
        }
        catch (OperationCanceledException)
        {
            exchange.Abort("client_closed");
            return FilterStatus.Stop;
        }

        var now = _site.Now;
        if (outcome.Session is { } refreshed)
        {
            if (_options.Session.Place == SessionPlace.Cookie)
            {
                exchange.Set(_toSave, refreshed);
            }

            return Admit(exchange, refreshed, now);
        }

        return outcome.IsRefused ? await WithoutSession(exchange, "refresh_refused")
            : need == TokenNeed.Soon || _refresher.IsUsable(session, now) ? Admit(exchange, session, now)
            : _site.Unavailable(exchange);
    }

    private ValueTask<FilterStatus> WithoutSession(HttpExchange exchange, string problem)
    {
        if (problem.Length > 0)
        {
            _site.Metrics.RefusedCookie(problem);

            // Sessions that are over are no news; a cookie that was never ours may be.
            if (problem is "unreadable" or "foreign" or "from_the_future")
            {
                _site.Denials.Write(exchange, "login_required", $"its session cookie is {problem.Replace('_', ' ')}");
            }
        }

        if (_options.Anonymous == AnonymousAction.Pass)
        {
            _site.Metrics.Request("anonymous");
            _identity.Strip(exchange.Request);
            return new(FilterStatus.Continue);
        }

        return _options.Anonymous == AnonymousAction.Login && _admission.IsPage(exchange.Request)
            ? BeginAsync(exchange, problem)
            : new(Unauthorized(exchange, problem));
    }

    private async ValueTask<FilterStatus> BeginAsync(HttpExchange exchange, string problem)
    {
        var status = await _login.BeginAsync(exchange, ReturnAddress.Of(exchange.Request, _site.OwnPath));
        if (problem.Length > 0)
        {
            _site.Sessions.Jar.Remove(exchange);
        }

        return status;
    }

    private FilterStatus Unauthorized(HttpExchange exchange, string problem)
    {
        _site.Metrics.Request("unauthorized");
        var status = Replies.Json(exchange, 401, "login_required", "login_required", _options.Anonymous == AnonymousAction.Login ? _options.Path + "/login" : "");

        // RFC 9110 §11.6.1: there must be one, and one that no browser asks a password for.
        exchange.Response.Headers.Set(KnownHeader.WWWAuthenticate, "Bearer realm=\"login\""u8);
        if (problem.Length > 0)
        {
            _site.Sessions.Jar.Remove(exchange);
        }

        return status;
    }

    private enum Endpoint
    {
        None,
        Login,
        Callback,
        Logout,
        FrontChannelLogout,
        BackChannelLogout,
    }
}
