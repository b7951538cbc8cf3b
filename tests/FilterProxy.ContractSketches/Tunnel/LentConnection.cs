using Microsoft.AspNetCore.Connections;

namespace FilterProxy.ContractSketches.Tunnel;

/// <summary>An agent's connection as it is lent to the pool: the listener owns it, so disposing only gives it back.</summary>
public sealed class LentConnection : DefaultConnectionContext
{
    private readonly ConnectionContext _inner;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _closed;

    public LentConnection(ConnectionContext inner)
        : base(inner.ConnectionId, inner.Transport, inner.Transport)
    {
        _inner = inner;
        _closed = inner.ConnectionClosed.Register(() => _over.TrySetResult());
    }

    public bool IsOver => _over.Task.IsCompleted;

    public Task Over => _over.Task;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _inner.Abort(abortReason);
        _over.TrySetResult();
    }

    public override async ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        await _closed.DisposeAsync();
        await base.DisposeAsync();
    }
}
