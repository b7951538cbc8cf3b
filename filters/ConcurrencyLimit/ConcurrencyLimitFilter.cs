using System.Text.Json;
using FilterProxy.Core.Clusters.Guarding;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.ConcurrencyLimit;

/// <summary>Limits how many requests are under way at a time: of each key, and of all by how long answers take.</summary>
[Component("concurrency_limit")]
public sealed class ConcurrencyLimitFilter : IRequestFilter, ILoggingFilter, IStartable, IAdminView
{
    private const int MostShown = 50;
    private static readonly byte[] Body = "Too many requests at a time (concurrency_limited)\n"u8.ToArray();
    private static readonly byte[] OverloadedBody = "Too many requests at a time (concurrency_overloaded)\n"u8.ToArray();
    private static readonly KeyValuePair<string, object?> KeyLimit = new("limit", "key"), AdaptiveLimit = new("limit", "adaptive"),
        Limited = new("result", "limited"), DryRun = new("result", "dry_run");

    private readonly ConcurrencyLimitOptions _options;
    private readonly ComponentContext _context;
    private readonly TimeProvider _time;
    private readonly KeyReader _reader;
    private readonly ConcurrencyState _state;
    private readonly LatencyGradient? _gradient;
    private readonly Slot<Admitted> _slot;

    /// <summary>Creates one.</summary>
    public ConcurrencyLimitFilter(ConcurrencyLimitOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _context = context;
        _time = context.Time;
        _reader = new KeyReader(new KeyRule(options.Key, options.WithAddress, options.Missing, options.Ipv4Prefix, options.Ipv6Prefix));
        _state = context.Store(static () => new ConcurrencyState());
        _gradient = options.Adaptive is { } adaptive ? new LatencyGradient(adaptive.Min, adaptive.Max, adaptive.Tolerance) : null;
        _slot = context.CreateSlot<Admitted>("admitted");
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        _state.Start(_context.Meter);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_gradient is not null && !_state.TryEnter(_gradient.Limit))
        {
            _state.CountRefused(AdaptiveLimit, _options.DryRun ? DryRun : Limited);
            if (!_options.DryRun)
            {
                return Refuse(exchange, 503, "concurrency_overloaded", OverloadedBody);
            }

            _state.Enter();
        }

        var hasKey = false;
        KeyId id = default;
        if (_options.Max is { } max && _reader.TryRead(exchange, out id, out var text))
        {
            hasKey = true;
            if (!_state.Keys.TryEnter(id, text, max, anyway: _options.DryRun))
            {
                _state.CountRefused(KeyLimit, _options.DryRun ? DryRun : Limited);
                if (!_options.DryRun)
                {
                    if (_gradient is not null)
                    {
                        _state.Leave();
                    }

                    return Refuse(exchange, _options.Status, "concurrency_limited", Body);
                }
            }
        }

        if (hasKey || _gradient is not null)
        {
            var admitted = Admitted.Rent();
            (admitted.Key, admitted.HasKey, admitted.IsCounted, admitted.Started) = (id, hasKey, _gradient is not null, _time.GetTimestamp());
            exchange.Set(_slot, admitted);
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (exchange.Get(_slot) is not { } admitted)
        {
            return;
        }

        exchange.Set(_slot, null);
        if (admitted.HasKey)
        {
            _state.Keys.Leave(admitted.Key);
        }

        if (admitted.IsCounted)
        {
            Learn(exchange, admitted);
            _state.Leave();
        }

        admitted.Return();
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (_gradient is not null)
        {
            writer.WriteNumber("active", _state.Active);
            writer.WriteNumber("adaptive_limit", _gradient.Limit);
        }

        writer.WriteNumber("keys", _state.Keys.Count);
        writer.WriteStartArray("top");
        foreach (var (key, active) in _state.Keys.Top(MostShown))
        {
            writer.WriteStartObject();
            writer.WriteString("key", key);
            writer.WriteNumber("active", active);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    // How long the upstream took to begin its answer: how long the client takes to read it says nothing about the upstream.
    private void Learn(HttpExchange exchange, Admitted admitted)
    {
        var answered = exchange.Stats.ResponseStarted;
        if (_gradient is { } gradient && exchange.Attempt > 0 && answered > admitted.Started)
        {
            gradient.Observe(_time.GetElapsedTime(admitted.Started, answered).Ticks, _state.Active);
            gradient.TryUpdate(_time.GetTimestamp() / Math.Max(1, _time.TimestampFrequency / 1000));
        }
    }

    private static ValueTask<FilterStatus> Refuse(HttpExchange exchange, int status, string reason, byte[] body)
    {
        exchange.Reply(status, reason, body, "text/plain; charset=utf-8");
        exchange.Stats.Flags |= ResponseFlags.RateLimited;
        exchange.Response.Headers.Set(KnownHeader.RetryAfter, "1"u8);
        return new(FilterStatus.Stop);
    }
}
