using System.Buffers;
using System.Text.Json;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>A shared HTTP cache (RFC 9111): keeps what upstreams let it, and answers from that.</summary>
[Component("cache")]
public sealed class CacheFilter : IRequestFilter, IUpstreamRequestFilter, IResponseFilter, IResponseBodyFilter, ILoggingFilter, IStartable, IAdminView, IAdminAction, IDisposable
{
    private const int MostRounds = 3;

    private readonly CacheOptions _options;
    private readonly TimeProvider _time;
    private readonly CacheState _state;
    private readonly CacheKey _key;
    private readonly CacheBypass _bypass;
    private readonly CachedAnswer _answer;
    private readonly CacheIntake _intake;
    private readonly Refresher _refresher;
    private readonly CacheAdmin _admin;
    private readonly Slot<CacheWork> _work;
    private readonly string? _disk;
    private readonly ComponentContext _context;

    /// <summary>Creates one.</summary>
    /// <exception cref="ArgumentException">The options are wrong; the message says how.</exception>
    public CacheFilter(CacheOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        CacheChecks.Check(options);
        _options = options;
        _time = context.Time;
        _state = context.Store(static () => new CacheState());
        _disk = options.Disk is { } disk ? Path.GetFullPath(disk.Path, context.ConfigDirectory) : null;
        _context = context;
        var policy = new StoringPolicy(options);
        _key = new CacheKey(options.Key);
        _bypass = new CacheBypass(options.Bypass);
        var status = new CacheStatus(options.StatusName);
        _answer = new CachedAnswer(status);
        _intake = new CacheIntake(options, _state, policy, status, _answer);
        _refresher = new Refresher(policy, _time, options.MaxObject.Bytes);
        _admin = new CacheAdmin(_state);
        _work = context.CreateSlot<CacheWork>("work");
    }

    /// <inheritdoc/>
    public IReadOnlyList<AdminActionInfo> Actions => CacheAdmin.Actions;

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        // Not before: the state is in use, and a configuration that is refused must leave it alone.
        _state.Use(_options, _disk, _context);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        if (request.MethodKind is not (HttpMethodKind.Get or HttpMethodKind.Head))
        {
            return OnOtherMethod(exchange);
        }

        if (_bypass.Matches(exchange) || _key.Of(exchange) is not { IsEmpty: false } key)
        {
            _state.Metrics.CountBypass();
            exchange.Set(_work, new CacheWork([], ForwardReason.Bypass));
            return new(FilterStatus.Continue);
        }

        var now = Now();
        var wishes = WishesOf(request);
        var resource = _state.Memory.Find(key);
        if (TryAnswer(exchange, resource?.Find(request.Headers), wishes, now))
        {
            return new(FilterStatus.Stop);
        }

        var owned = key.ToArray();
        return _state.Disk is { } disk && resource is null && disk.Contains(owned)
            ? AnswerFromDiskAsync(exchange, disk, owned, wishes)
            : ForwardAsync(exchange, owned, wishes, now, round: 0);
    }

    /// <inheritdoc/>
    public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
    {
        if (exchange.Get(_work) is { } work)
        {
            CacheIntake.Prepare(exchange, attempt, work);
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_work) is { } work)
        {
            _intake.OnResponse(exchange, work, Now());
        }

        return default;
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange)
    {
        if (exchange.Get(_work) is not { Body: not null } work)
        {
            return BodyUse.None;
        }

        if (exchange.HasReply)
        {
            // Another filter answers instead: this body does not belong to the head that was noted.
            work.GiveUp();
            return BodyUse.None;
        }

        return BodyUse.Observe;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        if (exchange.Get(_work) is { Body: not null } work)
        {
            _intake.OnBody(work, data, end);
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange) => exchange.Get(_work)?.GiveUp();

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer) => _admin.WriteView(writer);

    /// <inheritdoc/>
    public ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel) =>
        new(_admin.Purge(arguments));

    /// <inheritdoc/>
    public void Dispose() => _refresher.Dispose();

    private ValueTask<FilterStatus> OnOtherMethod(HttpExchange exchange)
    {
        // RFC 9110 §9.2.1: the others are safe.
        if (exchange.Request.MethodKind is not (HttpMethodKind.Options or HttpMethodKind.Trace or HttpMethodKind.Connect))
        {
            exchange.Set(_work, new CacheWork(_key.Of(exchange).ToArray(), ForwardReason.Method) { Invalidates = true });
        }

        return new(FilterStatus.Continue);
    }

    private CacheControl WishesOf(RequestHead request) => _options.RequestDirectives ? RequestWishes.Of(request.Headers) : new CacheControl();

    private bool TryAnswer(HttpExchange exchange, Resource.Slot? slot, in CacheControl wishes, long now)
    {
        var headers = exchange.Request.Headers;
        if (slot?.Response is not { } stored || headers.Contains(KnownHeader.IfMatch) || headers.Contains(KnownHeader.IfUnmodifiedSince))
        {
            // RFC 9111 §4.3.2: those are for the origin to judge.
            return false;
        }

        var age = stored.AgeAt(now);
        if (RequestWishes.Accept(wishes, stored, age))
        {
            EvictionQueue.Touch(stored);
            _answer.Send(exchange, stored, now);
            _state.Metrics.CountHit(stored);
            return true;
        }

        if (age >= stored.Lifetime && age - stored.Lifetime < stored.StaleWhileRevalidate && stored.Origin is not null && RequestWishes.AreNone(wishes))
        {
            _refresher.Begin(_state.Memory, slot);
            _answer.Send(exchange, stored, now);
            _state.Metrics.CountStale(stored);
            return true;
        }

        return false;
    }

    private ValueTask<FilterStatus> ForwardAsync(HttpExchange exchange, byte[] key, in CacheControl wishes, long now, int round)
    {
        var request = exchange.Request;
        if (wishes.OnlyIfCached)
        {
            exchange.Reply(504, "not_cached");
            return new(FilterStatus.Stop);
        }

        var resource = _state.Memory.Find(key);
        var slot = resource?.Find(request.Headers);
        var kept = slot?.Response;
        var reason = kept is not null ? (kept.AgeAt(now) < kept.Lifetime ? ForwardReason.Request : ForwardReason.Stale)
            : resource is { Count: > 0 } ? ForwardReason.VaryMiss : ForwardReason.UriMiss;
        var isGet = request.MethodKind == HttpMethodKind.Get;
        var work = new CacheWork(key, reason)
        {
            Asked = now,
            MayKeep = isGet && !wishes.NoStore,
            Place = slot,
            Stale = kept,
            Validates = isGet && kept is { HasValidator: true },
            Collapsed = round > 0,
        };
        if (round < MostRounds && work.MayKeep && RequestWishes.AreNone(wishes) && MayShareFetch(request, kept) && !_state.Flights.IsUnkept(key, now))
        {
            work.Flight = _state.Flights.Join(FlightKey(key, resource, request), out var leads);
            if (!leads)
            {
                return WaitAsync(exchange, work.Flight.Landed, key, round + 1);
            }

            // The fetch before this one may have ended since the cache was asked.
            var landed = _state.Memory.Find(key)?.Find(request.Headers);
            if (landed != slot && TryAnswer(exchange, landed, wishes, now))
            {
                work.GiveUp();
                return new(FilterStatus.Stop);
            }
        }

        exchange.Set(_work, work);
        return new(FilterStatus.Continue);
    }

    // Whose answer may be for one client alone does not wait for another's, nor another for it; and nobody for what is stale as it comes.
    private bool MayShareFetch(RequestHead request, StoredResponse? kept) =>
        _options.Coalesce && kept is not { Lifetime: 0 } && !request.Headers.Contains(KnownHeader.Authorization) && !request.Headers.Contains(KnownHeader.Range)
        && (kept is { HasValidator: true } || !Preconditions.AreIn(request.Headers));

    private static byte[] FlightKey(byte[] key, Resource? resource, RequestHead request)
    {
        if (resource?.AnyVary is not { } vary)
        {
            return key;
        }

        var output = new ArrayBufferWriter<byte>(key.Length + 64);
        output.Write(key);
        vary.WriteOf(request.Headers, output);
        return output.WrittenSpan.ToArray();
    }

    private async ValueTask<FilterStatus> WaitAsync(HttpExchange exchange, Task landed, byte[] key, int round)
    {
        var limit = landed.WaitAsync(_options.CoalesceTimeout, _time, exchange.Aborted);
        await limit.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var now = Now();
        var wishes = WishesOf(exchange.Request);
        var resource = _state.Memory.Find(key);
        var slot = resource?.Find(exchange.Request.Headers);
        if (TryAnswer(exchange, slot, wishes, now))
        {
            return FilterStatus.Stop;
        }

        // Who has waited in vain goes alone; but what was fetched may have been another variant, and others want this one, too.
        var isOtherVariant = limit.IsCompletedSuccessfully && slot is null && resource is not null;
        return await ForwardAsync(exchange, key, wishes, now, isOtherVariant ? round : MostRounds);
    }

    private async ValueTask<FilterStatus> AnswerFromDiskAsync(HttpExchange exchange, DiskTier disk, byte[] key, CacheControl wishes)
    {
        foreach (var response in await disk.ReadAsync(key, exchange.Aborted))
        {
            _state.Memory.Put(key, response);
        }

        var now = Now();
        return TryAnswer(exchange, _state.Memory.Find(key)?.Find(exchange.Request.Headers), wishes, now)
            ? FilterStatus.Stop
            : await ForwardAsync(exchange, key, wishes, now, round: 0);
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
