namespace FilterProxy.Core.Pipeline;

/// <summary>How an exchange is answered and ends.</summary>
internal abstract partial class ProxyExchange
{
    /// <summary>Whether there is a response to send: false once the client is gone or a filter aborted.</summary>
    public bool CanAnswer => Response.StatusCode != 0 && !IsAborted;

    private bool IsAborted => AbortReason is AbortReason.ClientClosed or AbortReason.Filter or AbortReason.Shutdown;

    public override void Abort(string reason)
    {
        Stats.Reason = reason;
        Break(ProxyErrorKind.DownstreamClosed, AbortReason.Filter);
    }

    /// <summary>Whether the engine itself must answer.</summary>
    public bool NeedsErrorReply()
    {
        if (HasReply || IsAborted)
        {
            return false;
        }

        if (!Error.IsError && Response.StatusCode == 0)
        {
            // A filter said stop and gave no answer.
            Error = BreakKind != ProxyErrorKind.None
                ? ProxyError.Downstream(BreakKind)
                : ProxyError.Filter(CurrentFilter ?? "filter", null) with { Detail = $"{CurrentFilter}: stopped without a reply" };
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
    public async ValueTask EndAsync()
    {
        await Upstream.EndAttemptAsync();
        (ReplyBody as Buffers.PipeBody)?.Complete();
        SettleDeadlines();
        if (Stats.Reason.Length == 0)
        {
            var cause = Error.IsError ? Error.Kind : BreakKind;
            Stats.Reason = cause != ProxyErrorKind.None ? LocalReplies.ReasonOf(cause) : IsAborted ? "client_closed" : "via_upstream";
        }

        if (AbortReason is AbortReason.ClientClosed or AbortReason.ClientTimeout)
        {
            Stats.Flags |= ResponseFlags.DownstreamConnectionTermination;
        }

        Stats.Ended = Stats.TimeProvider.GetTimestamp();
    }

    /// <summary>Cuts the client's connection so that an incomplete response cannot pass for a complete one.</summary>
    protected abstract void Cut();

    /// <summary>Turns all deadlines off and waits for one that is firing.</summary>
    protected abstract void SettleDeadlines();
}
