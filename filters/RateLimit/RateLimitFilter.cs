using System.Buffers.Text;
using System.Text.Json;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.RateLimit;

/// <summary>Limits how many requests a client, a key or all together may make in a time: refuses or delays the rest.</summary>
[Component("rate_limit")]
public sealed class RateLimitFilter : IRequestFilter, IResponseFilter, ILoggingFilter, IStartable, IAdminView, IAdminAction, IDisposable
{
    internal const int MostLimits = 16;

    /// <summary>Instead of a limit: redis does not answer, and nobody is let in without it.</summary>
    internal const int Unavailable = -2;

    private static readonly byte[] LimitedBody = "Too many requests (rate_limited)\n"u8.ToArray();
    private static readonly byte[] UnavailableBody = "Requests cannot be counted (rate_limit_unavailable)\n"u8.ToArray();

    private readonly RateLimitOptions _options;
    private readonly ComponentContext _context;
    private readonly TimeProvider _time;
    private readonly long _frequency;
    private readonly Limit[] _limits;
    private readonly RateLimitState _state;
    private readonly RateFields _fields;
    private readonly RateJudge _judge;
    private readonly SharedCounters? _counters;
    private readonly SharedJudge? _shared;
    private readonly CountMode _mode;
    private readonly Slot<RateWork> _work;
    private readonly RateLimitAdmin _admin;

    /// <summary>Creates one.</summary>
    public RateLimitFilter(RateLimitOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _context = context;
        _time = context.Time;
        _frequency = context.Time.TimestampFrequency;
        _limits = [.. options.Limits.Select(limit => new Limit(limit, options.Instances))];
        _state = context.Store(static () => new RateLimitState());
        _fields = new RateFields(options, _limits);
        _judge = new RateJudge(_limits, _state, options.WhenFull);
        _mode = options.Instances > 1 ? CountMode.Share : CountMode.Whole;
        _work = context.CreateSlot<RateWork>("work");
        if (options.Redis is { } redis)
        {
            _counters = new SharedCounters(new RespClient(context.GetCluster(redis.Cluster), redis, context.Time, context.Logger), options.RedisPrefix);
            _shared = new SharedJudge(_limits, _state, _judge, _counters, options.RedisFailure, Now);
        }

        _admin = new RateLimitAdmin(_limits, _counters, _shared, Now);
    }

    /// <inheritdoc/>
    public IReadOnlyList<AdminActionInfo> Actions => RateLimitAdmin.Actions;

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        // Not before: the counters are in use, and a configuration that is refused must leave them alone.
        _state.Use(_limits, _options.MaxKeys, Now(), _context);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_shared is not null)
        {
            return AskAsync(exchange, _shared);
        }

        // No more than MostLimits; what is not there need not be zeroed.
        Span<Charge> charges = stackalloc Charge[_limits.Length];
        var refusedBy = _judge.Take(exchange, charges, Now(), _mode);
        Keep(exchange, charges);
        if (refusedBy >= 0)
        {
            return new(Refuse(exchange, charges[refusedBy].Verdict));
        }

        return _judge.DelayOf(charges) is > 0 and var delay ? DelayAsync(exchange, delay) : new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_work) is { } work)
        {
            _fields.Write(exchange.Response.Headers, work.Charges);
        }

        return default;
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (exchange.Get(_work) is { } work)
        {
            exchange.Set(_work, null);
            work.Return();
        }
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer) => _admin.WriteView(writer);

    /// <inheritdoc/>
    public ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel) => _admin.ResetAsync(arguments);

    /// <inheritdoc/>
    public void Dispose() => _counters?.Dispose();

    private async ValueTask<FilterStatus> AskAsync(HttpExchange exchange, SharedJudge shared)
    {
        var charges = new Charge[_limits.Length];
        var refusedBy = await shared.TakeAsync(exchange, charges);
        Keep(exchange, charges);
        return refusedBy switch
        {
            Unavailable => RefuseAll(exchange),
            >= 0 => Refuse(exchange, charges[refusedBy].Verdict),
            _ => _judge.DelayOf(charges) is > 0 and var delay ? await DelayAsync(exchange, delay) : FilterStatus.Continue,
        };
    }

    private async ValueTask<FilterStatus> DelayAsync(HttpExchange exchange, long delay)
    {
        // A client that has left is the engine's affair.
        await Task.Delay(TimeSpan.FromTicks(delay), _time, exchange.Aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return FilterStatus.Continue;
    }

    private void Keep(HttpExchange exchange, ReadOnlySpan<Charge> charges)
    {
        if (_fields.AreWanted)
        {
            exchange.Set(_work, RateWork.Rent(charges));
        }
    }

    private FilterStatus Refuse(HttpExchange exchange, in Verdict verdict)
    {
        exchange.Reply(_options.Status, "rate_limited", LimitedBody, "text/plain; charset=utf-8");
        exchange.Stats.Flags |= ResponseFlags.RateLimited;
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(Math.Max(1, RateFields.Seconds(verdict.Wait)), digits, out var length);
        exchange.Response.Headers.Set(KnownHeader.RetryAfter, digits[..length]);
        return FilterStatus.Stop;
    }

    private static FilterStatus RefuseAll(HttpExchange exchange)
    {
        exchange.Reply(503, "rate_limit_unavailable", UnavailableBody, "text/plain; charset=utf-8");
        exchange.Stats.Flags |= ResponseFlags.RateLimited;
        return FilterStatus.Stop;
    }

    // Monotonic: setting the time of day changes nothing.
    private long Now()
    {
        var timestamp = _time.GetTimestamp();
        return _frequency == TimeSpan.TicksPerSecond ? timestamp
            : _frequency % TimeSpan.TicksPerSecond == 0 ? timestamp / (_frequency / TimeSpan.TicksPerSecond)
            : (long)((Int128)timestamp * TimeSpan.TicksPerSecond / _frequency);
    }
}
