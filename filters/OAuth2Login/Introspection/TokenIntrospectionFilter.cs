using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using FilterProxy.Filters.OAuth2Login.Login;
using FilterProxy.Filters.OAuth2Login.Provider;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login.Introspection;

/// <summary>
/// Lets in who shows an opaque token that the provider says is active (RFC 7662). Answers are kept for a while; requests with the same token
/// share one question. A token that is known allocates nothing.
/// </summary>
[Component("token_introspection")]
public sealed class TokenIntrospectionFilter : IRequestFilter, IStartable, IAsyncDisposable
{
    private const int LongestToken = 8 * 1024;
    private static readonly TimeSpan KeepUnknown = TimeSpan.FromSeconds(1);
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="u8);

    private readonly TokenIntrospectionOptions _options;
    private readonly ComponentContext _context;
    private readonly OpenIdProvider _provider;
    private readonly Generations<Flight<IntrospectedToken>> _known;
    private readonly Identity _identity;
    private readonly byte[][] _headers;
    private readonly Counter<long> _requests;
    private int _asking;

    /// <summary>Checks what the options name. Nothing is asked of the provider before <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">A file cannot be used, or there is no such cluster.</exception>
    public TokenIntrospectionFilter(TokenIntrospectionOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _context) = (options, context);
        _provider = new OpenIdProvider(options, context, forLogin: false);
        _known = new Generations<Flight<IntrospectedToken>>(options.Max);
        _identity = new Identity(TokenRelay.None, options.ClaimHeaders);
        _headers = [.. options.ClaimHeaders.Keys.Select(name => Encoding.ASCII.GetBytes(name.ToLowerInvariant()))];
        _requests = context.Meter.CreateCounter<long>(
            "filterproxy.introspection.requests", "{request}", "Requests by what their token was: known, asked, refused, missing or unavailable.");
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        _provider.Start(stop);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        _identity.Strip(exchange.Request);
        if (!TryGetToken(exchange.Request, out var token))
        {
            return new(WithoutToken(exchange));
        }

        var key = Digest.Of(token);
        if (_known.TryGet(key, out var flight) && flight.Task.IsCompletedSuccessfully && flight.IsCurrent(_context.Time.GetTimestamp()))
        {
            return new(Judge(exchange, flight.Task.Result, "known"));
        }

        return AskAsync(exchange, key, flight, Encoding.ASCII.GetString(token));
    }

    /// <summary>Returns when nothing is asked of the provider in the background any more.</summary>
    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    private async ValueTask<FilterStatus> AskAsync(HttpExchange exchange, UInt128 key, Flight<IntrospectedToken>? old, string token)
    {
        if (await _provider.FindAsync(exchange.Aborted) is null && old is null)
        {
            return Judge(exchange, IntrospectedToken.Unknown(_provider.Problem), "asked");
        }

        if (old is not null && !old.IsCurrent(_context.Time.GetTimestamp()))
        {
            _known.Remove(key, old);
        }

        var flight = _known.GetOrAdd(key, static _ => new Flight<IntrospectedToken>(), 0);
        if (flight.TryStart())
        {
            var before = old is { Task.IsCompletedSuccessfully: true } ? old.Task.Result : null;
            _ = Task.Run(() => RunAsync(flight, token, before));
        }

        try
        {
            return Judge(exchange, await flight.Task.WaitAsync(exchange.Aborted), "asked");
        }
        catch (OperationCanceledException)
        {
            exchange.Abort("client_closed");
            return FilterStatus.Stop;
        }
    }

    private bool IsUsable(IntrospectedToken token) =>
        token.Principal is not null && _context.Time.GetTimestamp() < token.StaleUntil && (token.Ends is not { } ends || _context.Time.GetUtcNow() < ends);

    private async Task RunAsync(Flight<IntrospectedToken> flight, string token, IntrospectedToken? before)
    {
        IntrospectedToken answer;
        var asking = Interlocked.Increment(ref _asking);
        try
        {
            answer = asking > _options.Parallel ? IntrospectedToken.Unknown("too many questions are under way") : await AskAsync(token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            answer = IntrospectedToken.Unknown(e.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }

        var keep = answer.IsUnknown ? KeepUnknown : answer.Principal is null ? _options.CacheRefused : _options.Cache;
        if (answer.IsUnknown && before is not null && IsUsable(before))
        {
            answer = before;
        }

        if (answer.Ends is { } ends && ends - _context.Time.GetUtcNow() < keep)
        {
            keep = ends - _context.Time.GetUtcNow();
        }

        flight.Complete(answer, TimestampIn(keep));
    }

    private async Task<IntrospectedToken> AskAsync(string token)
    {
        var (body, problem) = await _provider.IntrospectAsync(token);
        var answer = body is null ? IntrospectedToken.Unknown(problem)
            : IntrospectedToken.Read(body, _options, _context.Time.GetUtcNow(), TimestampIn(_options.Cache + _options.Stale));
        if (answer.IsUnknown)
        {
            Log.NotIntrospected(_context.Logger, _context.Place, _options.Issuer, answer.Problem, _options.Stale > TimeSpan.Zero ? "What was known before is used" : "It is refused");
        }

        return answer;
    }

    private long TimestampIn(TimeSpan time) => _context.Time.GetTimestamp() + (long)(time.TotalSeconds * _context.Time.TimestampFrequency);

    private FilterStatus Judge(HttpExchange exchange, IntrospectedToken token, string how)
    {
        if (token.IsUnknown)
        {
            Count("unavailable");
            _ = Replies.Json(exchange, 503, "introspection_unavailable", "temporarily_unavailable", "");
            exchange.Response.Headers.Set(KnownHeader.RetryAfter, "1"u8);
            return FilterStatus.Stop;
        }

        if (token.Principal is null)
        {
            Count("refused");
            return Refuse(exchange, 401, "introspection_token_denied", "invalid_token", "Bearer error=\"invalid_token\""u8);
        }

        if (!token.HasScopes)
        {
            Count("refused");
            return Refuse(exchange, 403, "introspection_scope_denied", "insufficient_scope", "Bearer error=\"insufficient_scope\""u8);
        }

        Count(how);
        Admit(exchange, token);
        return FilterStatus.Continue;
    }

    private void Admit(HttpExchange exchange, IntrospectedToken token)
    {
        var headers = exchange.Request.Headers;
        for (var i = 0; i < _headers.Length; i++)
        {
            if (token.Fields[i].Length > 0)
            {
                headers.Set(_headers[i], token.Fields[i]);
            }
        }

        if (!_options.Forward)
        {
            headers.Remove(KnownHeader.Authorization);
        }

        exchange.User = token.Principal;
        var metadata = exchange.Metadata;
        metadata["token_introspection", "sub"] = token.Subject;
        metadata["token_introspection", "roles"] = token.Roles;
        metadata["token_introspection", "scope"] = token.Scope;
    }

    private FilterStatus WithoutToken(HttpExchange exchange)
    {
        Count("missing");
        return _options.Required
            ? Refuse(exchange, 401, "introspection_token_required", "token_required", "Bearer"u8)
            : FilterStatus.Continue;
    }

    // RFC 6750 §3
    private static FilterStatus Refuse(HttpExchange exchange, int status, string reason, string error, ReadOnlySpan<byte> challenge)
    {
        _ = Replies.Json(exchange, status, reason, error, "");
        exchange.Response.Headers.Set(KnownHeader.WWWAuthenticate, challenge);
        return FilterStatus.Stop;
    }

    // Two fields, two readers, two tokens: none counts. What is no token is refused as one that is missing.
    private static bool TryGetToken(RequestHead request, out ReadOnlySpan<byte> token)
    {
        token = default;
        var count = 0;
        foreach (var field in request.Headers.Values(KnownHeader.Authorization))
        {
            count++;
            if (field.Length > 7 && Ascii.EqualsIgnoreCase(field[..7], "bearer "u8))
            {
                token = field[7..].Trim((byte)' ');
            }
        }

        return count == 1 && token.Length is > 0 and <= LongestToken && !token.ContainsAnyExcept(TokenBytes);
    }

    private void Count(string result) => _requests.Add(1, new KeyValuePair<string, object?>("result", result));
}
