using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>How an exchange is answered and ends.</summary>
internal abstract partial class ProxyExchange
{
    /// <summary>Whether there is a response to send: false once the client is gone or a filter aborted.</summary>
    public bool CanAnswer => Response.StatusCode != 0 && !IsAborted;

    /// <summary>Whether the response is the last resort after a failure: no body filter is asked, one may have been the cause.</summary>
    protected bool IsBareReply { get; private set; }

    private bool IsAborted => AbortReason is AbortReason.ClientClosed or AbortReason.Filter or AbortReason.Shutdown;

    public override void Abort(string reason)
    {
        Stats.Reason = reason;
        Break(ProxyErrorKind.DownstreamClosed, AbortReason.Filter);
    }

    /// <summary>Whether the engine itself must answer.</summary>
    public bool NeedsErrorReply()
    {
        Phases?.Enter("response_filter");
        if (HasReply || IsAborted)
        {
            return false;
        }

        if (!Error.IsError && Response.StatusCode == 0)
        {
            // A filter said stop and gave no answer.
            Error = BreakKind != ProxyErrorKind.None ? ProxyError.Downstream(BreakKind, Limits.DetailOf(BreakLimit)) : BlameStop(CurrentFilter ?? "filter");
        }

        if (Error.Kind == ProxyErrorKind.DownstreamClosed)
        {
            AbortReason = AbortReason == AbortReason.None ? AbortReason.ClientClosed : AbortReason;
            return false;
        }

        return Error.IsError;
    }

    /// <summary>
    /// After a failure in the answering half: a bare error through the filters that have not run yet, or, when the head has
    /// gone, a cut that no client takes for a complete response.
    /// </summary>
    public async ValueTask FailAsync(ProxyError error)
    {
        Error = error;
        CurrentFilter = null;
        if (HasResponseStarted || IsAborted)
        {
            Cut();
            return;
        }

        try
        {
            InRequestBodyFilter = false;
            IsBareReply = true;
            LocalReplies.Write(this);
            await Chain.OnResponseAsync(this);
            await SendResponseAsync();
        }
        catch (Exception e)
        {
            Error = Blame(e);
            Cut();
        }
    }

    /// <summary>Stops what still runs, gives the upstream connection back and closes the books.</summary>
    public ValueTask EndAsync()
    {
        if (AbortReason == AbortReason.Filter && !HasResponseStarted)
        {
            // There was no response to break off: without this a client would wait for one.
            Cut();
        }

        var ending = Upstream.EndAttemptAsync();
        if (!ending.IsCompletedSuccessfully)
        {
            return EndAsync(ending);
        }

        GiveBack();
        if (!TrySettleDeadlines())
        {
            return SettleAndCloseAsync();
        }

        Close();
        return default;
    }

    private async ValueTask EndAsync(ValueTask ending)
    {
        await ending;
        GiveBack();
        await SettleAndCloseAsync();
    }

    private async ValueTask SettleAndCloseAsync()
    {
        while (!TrySettleDeadlines())
        {
            await Hop.OffLoop();
        }

        Close();
    }

    private void GiveBack()
    {
        AttemptOutcome.TellEnd(this);
        ReleaseEndpoint();
        ReturnRetry();
        Leave();
        LeaveGate();
        (ReplyBody as Buffers.PipeBody)?.Complete();
        DropDeferredReply();
    }

    private void Close()
    {
        if (Stats.Reason.Length == 0)
        {
            var cause = Error.IsError ? Error : ProxyError.Downstream(BreakKind, Limits.DetailOf(BreakLimit));
            Stats.Reason = cause.IsError ? LocalReplies.ReasonOf(cause) : IsAborted ? ReasonCodes.ClientClosed : ReasonCodes.ViaUpstream;
        }

        if (AbortReason is AbortReason.ClientClosed or AbortReason.ClientTimeout)
        {
            Stats.Flags |= ResponseFlags.DownstreamConnectionTermination;
        }

        Stats.Ended = Stats.TimeProvider.GetTimestamp();
        CloseBooks();
        Services.Watch.OnEnded(this);
    }

    /// <summary>A filter said stop without an answer, which is a fault of its own.</summary>
    public ProxyError BlameStop(string filter)
    {
        ReportFilterFailure(filter, new InvalidOperationException("The filter returned FilterStatus.Stop without calling Reply."));
        return ProxyError.Filter(filter);
    }

    /// <summary>Cuts the client's connection so that an incomplete response cannot pass for a complete one.</summary>
    protected abstract void Cut();

    /// <summary>Turns all deadlines off. False while one is firing.</summary>
    protected abstract bool TrySettleDeadlines();
}
