using System.Text.Json;
using FilterProxy.Filters.Auth;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>
/// Lets in who shows a token (RFC 6750) that an issuer has signed and that is what the request's rule wants, and tells the upstream and other filters who
/// that is.
/// </summary>
[Component("jwt_auth")]
public sealed class JwtAuthFilter : IRequestFilter, IStartable, IAdminView, IAdminAction, IAsyncDisposable
{
    // So long a start waits for keys: the first requests are to find them, and a provider that is down must not keep the proxy down.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly JwtAuthOptions _options;
    private readonly Issuer[] _issuers;
    private readonly CredentialPlaces _places;
    private readonly TokenUse _use;
    private readonly TokenCache _cache;
    private readonly JwtRefusals _refusals;
    private readonly JwtMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private Task _fetching = Task.CompletedTask;

    /// <summary>Reads keys that are in files. Nobody is asked for others before <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">A file has no keys.</exception>
    public JwtAuthFilter(JwtAuthOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _time = context.Time;
        _issuers = [.. options.Issuers.Select(issuer => new Issuer(issuer, (int)options.MaxToken.Bytes, context))];
        _places = new CredentialPlaces(options.Header, options.Scheme, options.Cookie, options.Query);
        _use = new TokenUse(options);
        _cache = new TokenCache(options.CacheTokens);
        _refusals = new JwtRefusals(options.Realm, new DenialLog(context.Logger, context.Time));
        _metrics = new JwtMetrics(context.Meter);
        if (context.Previous is JwtAuthFilter before)
        {
            foreach (var issuer in _issuers)
            {
                Array.ForEach(before._issuers, issuer.Adopt);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<AdminActionInfo> Actions { get; } = [new("jwt_forget", "Forgets the tokens that were found right: each is checked anew.", [])];

    /// <inheritdoc/>
    public async ValueTask StartAsync(CancellationToken stop)
    {
        stop.Register(static source => ((CancellationTokenSource)source!).Cancel(), _stop);
        _fetching = Task.WhenAll(_issuers.Select(issuer => issuer.Remote?.RunAsync(_stop.Token) ?? Task.CompletedTask));
        var first = Task.WhenAll(_issuers.Select(issuer => issuer.GetKeysAsync(stop).AsTask()));
        await ((Task)first).WaitAsync(Patience, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        _use.RemoveClaimed(request.Headers);
        if (_use.RuleFor(request) is not { } rule)
        {
            return new(_options.AllowUnmatched ? FilterStatus.Continue : _refusals.NoRule(exchange));
        }

        if (rule.Need == TokenNeed.None)
        {
            return new(FilterStatus.Continue);
        }

        var found = _places.Find(request, out var text);
        if (found != CredentialFound.One)
        {
            return new(Without(exchange, rule, found));
        }

        if (_cache.Find(text) is { } known && known.Holds(_time.GetUtcNow(), _time.GetTimestamp()))
        {
            _metrics.CountRemembered();
            return new(Admit(exchange, rule, known));
        }

        var (token, issuer, keys, failure) = Verify(text);
        if (token is not null)
        {
            _metrics.CountVerified();
            return new(Admit(exchange, rule, token));
        }

        // Only keys that are not there, or a key that is not among them, are worth waiting for.
        return issuer is not null && (keys is null || failure.Error == JwtError.UnknownKey)
            ? FetchAndVerifyAsync(exchange, rule, text.ToArray(), issuer, keys, failure)
            : new(Fail(exchange, failure));
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteNumber("remembered_tokens", _cache.Count);
        writer.WriteNumber("remembered_tokens_most", _cache.Capacity);
        writer.WriteStartArray("issuers");
        foreach (var issuer in _issuers)
        {
            writer.WriteStartObject();
            writer.WriteString("issuer", issuer.Name);
            writer.WriteStartArray("keys");
            foreach (var id in issuer.Keys?.Ids.Take(100) ?? [])
            {
                writer.WriteStringValue(id);
            }

            writer.WriteEndArray();
            if (issuer.Remote is { } remote)
            {
                writer.WriteNumber("age_seconds", (long)(remote.Age?.TotalSeconds ?? -1));
                writer.WriteString("problem", remote.Problem);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel)
    {
        var count = _cache.Count;
        _cache.Clear();
        return new(new AdminOutcome(true, $"{count} tokens are forgotten"));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _fetching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(_issuers, issuer => issuer.Dispose());
    }

    private FilterStatus Without(HttpExchange exchange, TokenRule rule, CredentialFound found)
    {
        if (found == CredentialFound.Several)
        {
            _metrics.CountRefused();
            return _refusals.Several(exchange);
        }

        _metrics.CountAbsent();
        return rule.Need == TokenNeed.Optional ? FilterStatus.Continue : _refusals.Missing(exchange);
    }

    private FilterStatus Admit(HttpExchange exchange, TokenRule rule, VerifiedToken token)
    {
        var outcome = token.Outcomes[rule.Index];
        if (outcome != RuleOutcome.Permitted)
        {
            return _refusals.NotPermitted(exchange, outcome, rule);
        }

        _use.Apply(exchange, token);
        if (!_options.Forward)
        {
            _places.Remove(exchange.Request);
        }

        return FilterStatus.Continue;
    }

    private FilterStatus Fail(HttpExchange exchange, in JwtFailure failure)
    {
        _metrics.CountRefused();
        return _refusals.Failed(exchange, failure);
    }

    // Whose it says it is decides whose keys it must be signed with: nothing else of it is believed before the signature.
    private (VerifiedToken? Token, Issuer? Issuer, JsonWebKeySet? Keys, JwtFailure Failure) Verify(ReadOnlySpan<byte> text)
    {
        if (!JwsToken.TryParse(text, (int)_options.MaxToken.Bytes, out var token, out var failure) || JwtClaims.Read(token.Payload, out failure) is not { } claims)
        {
            return (null, null, null, failure);
        }

        if (IssuerOf(claims) is not { } issuer)
        {
            return (null, null, null, new(JwtError.UnknownIssuer, $"its issuer is {JwtFailure.Show(claims.Issuer)}"));
        }

        if (issuer.Keys is not { } keys)
        {
            return (null, issuer, null, default);
        }

        if (!token.IsSignedBy(keys, issuer.Rules.Algorithms, out failure) || !JwtValidator.Check(token.Header, claims, issuer.Rules, _time.GetUtcNow(), out failure))
        {
            return (null, issuer, keys, failure);
        }

        var until = _time.GetTimestamp() + (long)(_options.CacheTime.TotalSeconds * _time.TimestampFrequency);
        var verified = VerifiedToken.Create(text, issuer, keys, claims, _use, until, out failure);
        if (verified is not null)
        {
            _cache.Add(text, verified);
        }

        return (verified, issuer, keys, failure);
    }

    private Issuer? IssuerOf(JwtClaims claims)
    {
        foreach (var issuer in _issuers)
        {
            if (issuer.Name == claims.Issuer)
            {
                return issuer;
            }
        }

        return null;
    }

    private async ValueTask<FilterStatus> FetchAndVerifyAsync(
        HttpExchange exchange, TokenRule rule, byte[] text, Issuer issuer, JsonWebKeySet? seen, JwtFailure failure)
    {
        JsonWebKeySet? keys;
        try
        {
            keys = seen is null ? await issuer.GetKeysAsync(exchange.Aborted) : await issuer.RenewKeysAsync(seen, exchange.Aborted);
        }
        catch (OperationCanceledException)
        {
            exchange.Abort("client_closed");
            return FilterStatus.Stop;
        }

        if (keys is null)
        {
            _metrics.CountRefused();
            return _refusals.KeysUnavailable(exchange, issuer.Name);
        }

        if (ReferenceEquals(keys, seen))
        {
            return Fail(exchange, failure);
        }

        var again = Verify(text);
        if (again.Token is null)
        {
            return again.Keys is null && again.Issuer is not null ? _refusals.KeysUnavailable(exchange, issuer.Name) : Fail(exchange, again.Failure);
        }

        _metrics.CountVerified();
        return Admit(exchange, rule, again.Token);
    }
}
