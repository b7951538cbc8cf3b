using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// A list of filters sorted once into an array per phase, so that a phase nobody implements costs a length check. Calls stay
/// synchronous while the filters do.
/// </summary>
internal sealed class FilterChain
{
    public static readonly FilterChain Empty = new([]);

    private readonly Step<IRequestFilter>[] _request;
    private readonly Step<IUpstreamPeerFilter>[] _peer;
    private readonly Step<IUpstreamRequestFilter>[] _upstreamRequest;
    private readonly Step<IUpstreamErrorFilter>[] _upstreamError;
    private readonly Step<IResponseFilter>[] _response;
    private readonly Step<ILoggingFilter>[] _logging;
    private readonly bool _upstreamErrorMayBlock, _loggingMayBlock;

    public FilterChain(IReadOnlyList<FilterEntry> filters)
    {
        Filters = filters;
        _request = Sort<IRequestFilter>(filters);
        _peer = Sort<IUpstreamPeerFilter>(filters);
        _upstreamRequest = Sort<IUpstreamRequestFilter>(filters);
        _upstreamError = Sort<IUpstreamErrorFilter>(filters);
        _response = Sort<IResponseFilter>(filters);
        Array.Reverse(_response);
        _logging = Sort<ILoggingFilter>(filters);
        _upstreamErrorMayBlock = _upstreamError.Any(step => step.Blocking);
        _loggingMayBlock = _logging.Any(step => step.Blocking);
        RequestBody = [.. Sort<IRequestBodyFilter>(filters).Select(s => new BodyStep(s.Name, s.Filter, null, s.Blocking))];
        ResponseBody = [.. Sort<IResponseBodyFilter>(filters).Select(s => new BodyStep(s.Name, null, s.Filter, s.Blocking)).Reverse()];
    }

    /// <summary>The filters in the order of the configuration.</summary>
    public IReadOnlyList<FilterEntry> Filters { get; }

    /// <summary>Request body filters in list order.</summary>
    public BodyStep[] RequestBody { get; }

    /// <summary>Response body filters in reverse order.</summary>
    public BodyStep[] ResponseBody { get; }

    public bool HasUpstreamRequestFilters => _upstreamRequest.Length > 0;

    public bool HasUpstreamErrorFilters => _upstreamError.Length > 0;

    public ValueTask<FilterStatus> OnRequestAsync(ProxyExchange x)
    {
        if (_request.Length > 0)
        {
            EventLoop.Note(x);
        }

        for (var i = 0; i < _request.Length; i++)
        {
            ref readonly var step = ref _request[i];
            if (step.Blocking)
            {
                return ContinueRequestAsync(x, i, default, hop: true);
            }

            x.CurrentFilter = step.Name;
            var call = step.Filter.OnRequestAsync(x);
            if (!call.IsCompletedSuccessfully)
            {
                EventLoop.LeaveUnless(completed: false);
                return ContinueRequestAsync(x, i, call, hop: false);
            }

            if (call.Result == FilterStatus.Stop)
            {
                return new ValueTask<FilterStatus>(FilterStatus.Stop);
            }
        }

        x.CurrentFilter = null;
        return new ValueTask<FilterStatus>(FilterStatus.Continue);
    }

    public ValueTask<UpstreamPeer?> SelectPeerAsync(ProxyExchange x) =>
        _peer.Length == 0 ? new ValueTask<UpstreamPeer?>((UpstreamPeer?)null) : SelectPeerSlowlyAsync(x);

    public ValueTask OnUpstreamRequestAsync(ProxyExchange x, RequestHead attempt) =>
        _upstreamRequest.Length == 0 ? default : RunUpstreamRequestAsync(x, attempt);

    /// <summary>The strongest advice of all: Forbid over Retry over Default.</summary>
    public ValueTask<RetryAdvice> OnUpstreamErrorAsync(ProxyExchange x, in UpstreamFailure failure) =>
        _upstreamErrorMayBlock ? AskErrorFiltersOffLoopAsync(x, failure) : new ValueTask<RetryAdvice>(AskErrorFilters(x, failure));

    private RetryAdvice AskErrorFilters(ProxyExchange x, in UpstreamFailure failure)
    {
        var advice = RetryAdvice.Default;
        EventLoop.Note(x);
        foreach (ref readonly var step in _upstreamError.AsSpan())
        {
            x.CurrentFilter = step.Name;
            var opinion = step.Filter.OnUpstreamError(x, failure);
            advice = opinion > advice ? opinion : advice;
        }

        x.CurrentFilter = null;
        return advice;
    }

    /// <summary>Runs the response phase from where it stands: after a filter failed, the rest still see the 500.</summary>
    public ValueTask OnResponseAsync(ProxyExchange x)
    {
        if (x.NextResponseFilter < _response.Length)
        {
            EventLoop.Note(x);
        }

        while (x.NextResponseFilter < _response.Length)
        {
            ref readonly var step = ref _response[x.NextResponseFilter];
            if (step.Blocking)
            {
                return ContinueResponseAsync(x);
            }

            x.CurrentFilter = step.Name;
            x.NextResponseFilter++;
            var call = step.Filter.OnResponseAsync(x);
            if (!call.IsCompletedSuccessfully)
            {
                EventLoop.LeaveUnless(completed: false);
                return FinishResponseAsync(x, call);
            }
        }

        x.CurrentFilter = null;
        return default;
    }

    /// <summary>Tells every logging filter; one that throws is reported and does not keep the others from being told.</summary>
    public ValueTask OnLoggingAsync(ProxyExchange x)
    {
        if (_loggingMayBlock)
        {
            return TellOffLoopAsync(x);
        }

        Tell(x);
        return default;
    }

    private void Tell(ProxyExchange x)
    {
        if (_logging.Length > 0)
        {
            EventLoop.Note(x);
        }

        foreach (ref readonly var step in _logging.AsSpan())
        {
            x.CurrentFilter = step.Name;
            try
            {
                step.Filter.OnLogging(x);
            }
            catch (Exception e)
            {
                x.ReportFilterFailure(step.Name, e);
            }
        }

        x.CurrentFilter = null;
    }

    // A filter that left the loop, by being blocking or by what it awaited, is followed there by those that may block; before any other
    // part of the exchange goes on, it is back.
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<FilterStatus> ContinueRequestAsync(ProxyExchange x, int index, ValueTask<FilterStatus> call, bool hop)
    {
        try
        {
            while (true)
            {
                if (hop)
                {
                    await Hop.OffLoop();
                    x.CurrentFilter = _request[index].Name;
                    call = _request[index].Filter.OnRequestAsync(x);
                }

                if (await call == FilterStatus.Stop)
                {
                    return FilterStatus.Stop;
                }

                if (++index == _request.Length)
                {
                    x.CurrentFilter = null;
                    return FilterStatus.Continue;
                }

                hop = _request[index].Blocking;
                if (!hop)
                {
                    await Hop.BackTo(x.Loop);
                    x.CurrentFilter = _request[index].Name;
                    EventLoop.Note(x);
                    call = _request[index].Filter.OnRequestAsync(x);
                    EventLoop.LeaveUnless(call.IsCompleted);
                }
            }
        }
        finally
        {
            await Hop.BackTo(x.Loop);
        }
    }

    private async ValueTask<UpstreamPeer?> SelectPeerSlowlyAsync(ProxyExchange x)
    {
        try
        {
            foreach (var step in _peer)
            {
                await (step.Blocking ? Hop.OffLoop() : Hop.BackTo(x.Loop));
                x.CurrentFilter = step.Name;
                EventLoop.Note(x);
                var call = step.Filter.SelectPeerAsync(x);
                EventLoop.LeaveUnless(call.IsCompleted);
                if (await call is { } peer)
                {
                    x.CurrentFilter = null;
                    return peer;
                }
            }

            x.CurrentFilter = null;
            return null;
        }
        finally
        {
            await Hop.BackTo(x.Loop);
        }
    }

    private async ValueTask RunUpstreamRequestAsync(ProxyExchange x, RequestHead attempt)
    {
        try
        {
            foreach (var step in _upstreamRequest)
            {
                await (step.Blocking ? Hop.OffLoop() : Hop.BackTo(x.Loop));
                x.CurrentFilter = step.Name;
                EventLoop.Note(x);
                var call = step.Filter.OnUpstreamRequestAsync(x, attempt);
                EventLoop.LeaveUnless(call.IsCompleted);
                await call;
            }

            x.CurrentFilter = null;
        }
        finally
        {
            await Hop.BackTo(x.Loop);
        }
    }

    private async ValueTask<RetryAdvice> AskErrorFiltersOffLoopAsync(ProxyExchange x, UpstreamFailure failure)
    {
        await Hop.OffLoop();
        try
        {
            return AskErrorFilters(x, failure);
        }
        finally
        {
            await Hop.BackTo(x.Loop);
        }
    }

    private async ValueTask ContinueResponseAsync(ProxyExchange x)
    {
        await Hop.OffLoop();
        var step = _response[x.NextResponseFilter++];
        x.CurrentFilter = step.Name;
        await FinishResponseAsync(x, step.Filter.OnResponseAsync(x));
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    private async ValueTask FinishResponseAsync(ProxyExchange x, ValueTask call)
    {
        try
        {
            await call;
        }
        finally
        {
            await Hop.BackTo(x.Loop);
        }

        await OnResponseAsync(x);
    }

    private async ValueTask TellOffLoopAsync(ProxyExchange x)
    {
        await Hop.OffLoop();
        Tell(x);
        await Hop.BackTo(x.Loop);
    }

    private static Step<T>[] Sort<T>(IReadOnlyList<FilterEntry> filters)
        where T : class, IHttpFilter =>
        [.. filters.Where(f => f.Filter is T).Select(f => new Step<T>((f.Guard as T) ?? (T)f.Filter, f.Name, f.Blocking))];

    private readonly record struct Step<T>(T Filter, string Name, bool Blocking);
}

/// <summary>A body filter of one direction.</summary>
internal readonly record struct BodyStep(string Name, IRequestBodyFilter? Request, IResponseBodyFilter? Response, bool Blocking);
