using System.Buffers;
using System.Text.Json;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.BandwidthLimit;

/// <summary>Slows bodies down, each way, to so many bytes a second of a connection, a key or a route.</summary>
[Component("bandwidth_limit")]
public sealed class BandwidthLimitFilter : IRequestFilter, IRequestBodyFilter, IResponseBodyFilter, ILoggingFilter, IAdminView
{
    private readonly TimeProvider _time;
    private readonly KeyReader _reader;
    private readonly FlowTable _flows;
    private readonly long _request;
    private readonly long _response;
    private readonly long _burst;
    private readonly Slot<Flow> _slot;

    /// <summary>Creates one.</summary>
    public BandwidthLimitFilter(BandwidthLimitOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _time = context.Time;
        _reader = new KeyReader(new KeyRule(options.Key, Missing: options.Missing));
        _flows = context.Store(static () => new FlowTable());
        (_request, _response, _burst) = (options.Request?.Bytes ?? 0, options.Response?.Bytes ?? 0, options.Burst.Bytes);
        _slot = context.CreateSlot<Flow>("flow");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_reader.TryRead(exchange, out var id, out _))
        {
            exchange.Set(_slot, _flows.Use(id));
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public BodyUse UseRequestBody(HttpExchange exchange) => _request > 0 && exchange.Get(_slot) is not null ? BodyUse.Observe : BodyUse.None;

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange) => _response > 0 && exchange.Get(_slot) is not null ? BodyUse.Observe : BodyUse.None;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        SlowAsync(exchange, data.Length, isRequest: true);

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        SlowAsync(exchange, data.Length, isRequest: false);

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (exchange.Get(_slot) is { } flow)
        {
            exchange.Set(_slot, null);
            _flows.Return(flow, Math.Max(1, _request), Math.Max(1, _response), Now());
        }
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("flows", _flows.Count);
        writer.WriteEndObject();
    }

    private ValueTask<FilterStatus> SlowAsync(HttpExchange exchange, long bytes, bool isRequest)
    {
        if (bytes == 0 || exchange.Get(_slot) is not { } flow)
        {
            return new(FilterStatus.Continue);
        }

        var wait = flow.Take(isRequest, bytes, isRequest ? _request : _response, _burst, Now());
        return wait == 0 ? new(FilterStatus.Continue) : WaitAsync(exchange, wait);
    }

    private async ValueTask<FilterStatus> WaitAsync(HttpExchange exchange, long wait)
    {
        // A client that leaves ends it; what it had coming was counted all the same.
        var longest = TimeSpan.FromDays(1).Ticks;
        await Task.Delay(TimeSpan.FromTicks(Math.Min(wait, longest)), _time, exchange.Aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return FilterStatus.Continue;
    }

    private long Now() => _time.GetElapsedTime(0, _time.GetTimestamp()).Ticks;
}
