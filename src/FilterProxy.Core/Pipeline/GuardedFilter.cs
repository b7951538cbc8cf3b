using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Stands in a filter's place where the configuration says what becomes of its failures, or how long it may take. Filters without
/// such rules are called directly.
/// </summary>
/// <remarks>
/// A call is timed and never cut: what it began works on the exchange, which nobody else can have before it lets go.
/// </remarks>
internal sealed class GuardedFilter(IHttpFilter filter, string name, bool skips, TimeSpan? budget, ProxyServices services)
    : IRequestFilter, IUpstreamPeerFilter, IUpstreamRequestFilter, IUpstreamErrorFilter, IResponseFilter, ILoggingFilter, IRequestBodyFilter, IResponseBodyFilter
{
    private Sampler _skipped, _late;

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var started = Begin();
        try
        {
            return await ((IRequestFilter)filter).OnRequestAsync(exchange);
        }
        catch (Exception e) when (Skips(exchange))
        {
            Skip(exchange, e);
            return FilterStatus.Continue;
        }
        finally
        {
            End(started);
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    public async ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange)
    {
        var started = Begin();
        try
        {
            return await ((IUpstreamPeerFilter)filter).SelectPeerAsync(exchange);
        }
        catch (Exception e) when (Skips(exchange))
        {
            Skip(exchange, e);
            return null;
        }
        finally
        {
            End(started);
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public async ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
    {
        var started = Begin();
        try
        {
            await ((IUpstreamRequestFilter)filter).OnUpstreamRequestAsync(exchange, attempt);
        }
        catch (Exception e) when (Skips(exchange))
        {
            Skip(exchange, e);
        }
        finally
        {
            End(started);
        }
    }

    public RetryAdvice OnUpstreamError(HttpExchange exchange, in UpstreamFailure failure)
    {
        var started = Begin();
        try
        {
            return ((IUpstreamErrorFilter)filter).OnUpstreamError(exchange, failure);
        }
        catch (Exception e) when (Skips(exchange))
        {
            Skip(exchange, e);
            return RetryAdvice.Default;
        }
        finally
        {
            End(started);
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        var started = Begin();
        try
        {
            await ((IResponseFilter)filter).OnResponseAsync(exchange);
        }
        catch (Exception e) when (Skips(exchange))
        {
            Skip(exchange, e);
        }
        finally
        {
            End(started);
        }
    }

    // What a logging filter throws reaches nobody in any case: the chain counts it.
    public void OnLogging(HttpExchange exchange)
    {
        var started = Begin();
        try
        {
            ((ILoggingFilter)filter).OnLogging(exchange);
        }
        finally
        {
            End(started);
        }
    }

    public BodyUse UseRequestBody(HttpExchange exchange)
    {
        try
        {
            return ((IRequestBodyFilter)filter).UseRequestBody(exchange);
        }
        catch (Exception e) when (Skips(exchange))
        {
            Skip(exchange, e);
            return BodyUse.None;
        }
    }

    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        OnBodyAsync(exchange, isRequest: true, data, end, output);

    public BodyUse UseResponseBody(HttpExchange exchange)
    {
        try
        {
            return ((IResponseBodyFilter)filter).UseResponseBody(exchange);
        }
        catch (Exception e) when (Skips(exchange))
        {
            Skip(exchange, e);
            return BodyUse.None;
        }
    }

    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        OnBodyAsync(exchange, isRequest: false, data, end, output);

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<FilterStatus> OnBodyAsync(HttpExchange exchange, bool isRequest, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        var started = Begin();
        try
        {
            return await (isRequest
                ? ((IRequestBodyFilter)filter).OnRequestBodyAsync(exchange, data, end, output)
                : ((IResponseBodyFilter)filter).OnResponseBodyAsync(exchange, data, end, output));
        }
        catch (Exception e) when (output is null && Skips(exchange))
        {
            // Who only watches is not missed. What a half-done transformation would have written nobody knows: that fails.
            Skip(exchange, e);
            return FilterStatus.Continue;
        }
        finally
        {
            End(started);
        }
    }

    private bool Skips(HttpExchange exchange) => skips && exchange.AbortReason == AbortReason.None;

    private void Skip(HttpExchange exchange, Exception e)
    {
        services.Filters.Failed(name, "exchange");
        if (_skipped.TryTake(services.Heartbeat.Now, out var more))
        {
            services.Log.FilterSkipped(e, name, exchange.RouteName ?? "-", more);
        }
    }

    private long Begin() => budget is null ? 0 : Stopwatch.GetTimestamp();

    private void End(long started)
    {
        if (budget is not { } most || Stopwatch.GetElapsedTime(started) is var took && took <= most)
        {
            return;
        }

        services.Filters.OverBudget(name);
        if (_late.TryTake(services.Heartbeat.Now, out var more))
        {
            services.Log.FilterLate(name, took.TotalMilliseconds, most.TotalMilliseconds, more);
        }
    }
}
