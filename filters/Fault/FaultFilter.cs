using System.Text;

namespace FilterProxy.Filters.Fault;

/// <summary>Makes things go wrong on purpose: holds requests back, answers them with errors, cuts connections. To see what clients make of it.</summary>
[Component("fault")]
public sealed class FaultFilter : IRequestFilter
{
    private static readonly byte[] Text = "Fault injected (fault_abort)\n"u8.ToArray();

    private readonly FaultOptions _options;
    private readonly TimeProvider _time;
    private readonly byte[]? _header;
    private int _delayed;

    /// <summary>Creates one.</summary>
    public FaultFilter(FaultOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _time = context.Time;
        _header = options.Header is { } name ? Encoding.ASCII.GetBytes(name) : null;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_header is not null && !exchange.Request.Headers.Contains(_header))
        {
            return new(FilterStatus.Continue);
        }

        return _options.Delay > TimeSpan.Zero && Hits(_options.DelayPercent) ? DelayAsync(exchange) : new(Abort(exchange));
    }

    private static bool Hits(double percent) => percent >= 100 || Random.Shared.NextDouble() * 100 < percent;

    private async ValueTask<FilterStatus> DelayAsync(HttpExchange exchange)
    {
        if (Interlocked.Increment(ref _delayed) <= _options.MaxDelayed)
        {
            exchange.Stats.Flags |= ResponseFlags.FaultInjected;

            // A client that goes away is held back no longer; the engine sees for itself that it went.
            await Task.Delay(_options.Delay, _time, exchange.Aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Interlocked.Decrement(ref _delayed);
        return Abort(exchange);
    }

    private FilterStatus Abort(HttpExchange exchange)
    {
        if (_options.Abort is not { } status || !Hits(_options.AbortPercent))
        {
            return FilterStatus.Continue;
        }

        if (status == 0)
        {
            exchange.Abort("fault_abort");
        }
        else
        {
            exchange.Reply(status, "fault_abort", Text, "text/plain; charset=utf-8");
        }

        exchange.Stats.Flags |= ResponseFlags.FaultInjected;
        return FilterStatus.Stop;
    }
}
