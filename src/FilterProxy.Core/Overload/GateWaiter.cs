using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Overload;

/// <summary>A request that waits for a place among the exchanges. Its result: none when it got one, the limit that kept it from one, null when it was given up.</summary>
internal sealed class GateWaiter : TaskCompletionSource<Limit?>
{
    public GateWaiter(ExchangeGate gate, RequestPriority priority, long since)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        (Gate, Priority, Since) = (gate, priority, since);
        Node = new LinkedListNode<GateWaiter>(this);
    }

    public ExchangeGate Gate { get; }

    public RequestPriority Priority { get; }

    /// <summary>When it began to wait.</summary>
    public long Since { get; }

    /// <summary>Its place in the queue.</summary>
    public LinkedListNode<GateWaiter> Node { get; }
}
