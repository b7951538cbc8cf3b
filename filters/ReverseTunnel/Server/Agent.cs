using FilterProxy.Filters.ReverseTunnel.Handshake;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>An agent as the server knows it: its connections, and what waits for room on them. It outlives them, so that a return is one.</summary>
internal sealed class Agent(AgentId id)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<AgentConnection?>> _waiting = new();
    private volatile AgentConnection[] _connections = [];
    private int _waiters;
    private long _bytesReceived, _bytesSent, _served;

    public AgentId Id => id;

    /// <summary>What it said last.</summary>
    public TunnelHello Hello { get; private set; } = null!;

    public string SessionId { get; private set; } = "";

    /// <summary>Its labels with its node, cluster and tenant; the same object as long as they stay.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; private set; } = new Dictionary<string, string>();

    /// <summary>When it connected, or was last seen where it is gone.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>Times it has come back.</summary>
    public int Reconnects { get; private set; }

    /// <summary>What ended its last connection; null for nothing yet.</summary>
    public string? LastError { get; private set; }

    public IReadOnlyList<AgentConnection> Connections => _connections;

    public bool IsConnected => _connections.Length > 0;

    /// <summary>Whether streams may begin: not on an agent that is about to leave, though some of its own may still be under way.</summary>
    public bool TakesStreams => _connections.Any(c => !c.IsLeaving);

    public long BytesReceived => Volatile.Read(ref _bytesReceived) + _connections.Sum(c => c.BytesReceived);

    public long BytesSent => Volatile.Read(ref _bytesSent) + _connections.Sum(c => c.BytesSent);

    /// <summary>Streams it has had.</summary>
    public long Served => Volatile.Read(ref _served) + _connections.Sum(c => c.Served);

    /// <summary>Streams that wait for room.</summary>
    public int Waiting => Volatile.Read(ref _waiters);

    /// <summary>Takes a connection in.</summary>
    /// <returns>Whether it is the first it has.</returns>
    public bool Add(AgentConnection connection, DateTimeOffset now)
    {
        lock (_lock)
        {
            var isFirst = _connections.Length == 0;
            Reconnects += isFirst && Hello is not null ? 1 : 0;
            Since = isFirst ? now : Since;
            SetHello(connection.Admission.Hello);
            SessionId = connection.Welcome.SessionId;
            connection.StreamEnded = OnStreamEnded;
            _connections = [.. _connections, connection];
            OnStreamEnded();
            return isFirst;
        }
    }

    /// <summary>Takes a connection out.</summary>
    /// <returns>Whether it was the last.</returns>
    public bool Remove(AgentConnection connection, string reason, DateTimeOffset now)
    {
        lock (_lock)
        {
            _connections = [.. _connections.Where(c => c != connection)];
            _bytesReceived += connection.BytesReceived;
            _bytesSent += connection.BytesSent;
            _served += connection.Served;
            LastError = reason;
            if (_connections.Length > 0)
            {
                return false;
            }

            Since = now;
            foreach (var waiting in _waiting)
            {
                waiting.TrySetResult(null);
            }

            _waiting.Clear();
            Volatile.Write(ref _waiters, 0);
            return true;
        }
    }

    /// <summary>A place for a stream on the connection that has the fewest; null where none has room.</summary>
    public AgentConnection? TryTake()
    {
        while (true)
        {
            AgentConnection? best = null;
            foreach (var connection in _connections)
            {
                if (!connection.IsLeaving && connection.Streams < connection.Welcome.MaxStreams && (best is null || connection.Streams < best.Streams))
                {
                    best = connection;
                }
            }

            if (best is null || best.TryEnter())
            {
                return best;
            }
        }
    }

    /// <summary>Waits for a place. Null where the agent is gone.</summary>
    /// <param name="max">Over it nobody waits any more.</param>
    /// <param name="patience">The longest wait.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="UpstreamException">Too many wait, or it took too long.</exception>
    public async ValueTask<AgentConnection?> WaitAsync(int max, TimeSpan patience, CancellationToken cancel)
    {
        TaskCompletionSource<AgentConnection?> turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<AgentConnection?>> place;
        lock (_lock)
        {
            if (!_connections.Any(c => !c.IsLeaving))
            {
                return null;
            }

            if (_waiting.Count >= max)
            {
                throw Full("tunnel_queue_full");
            }

            place = _waiting.AddLast(turn);

            // Whoever ends a stream counts it down and then looks here; we write here and then look there. One of the two sees the other.
            Interlocked.Exchange(ref _waiters, _waiting.Count);
            OnStreamEnded();
        }

        try
        {
            return await turn.Task.WaitAsync(patience, cancel);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (!turn.TrySetResult(null))
            {
                // It came that very moment.
                (await turn.Task)?.Leave();
            }

            lock (_lock)
            {
                if (place.List is not null)
                {
                    _waiting.Remove(place);
                }

                Volatile.Write(ref _waiters, _waiting.Count);
            }

            cancel.ThrowIfCancellationRequested();
            throw Full("tunnel_queue_timeout");
        }
    }

    private void SetHello(TunnelHello hello)
    {
        Hello = hello;
        var labels = new Dictionary<string, string>(hello.Labels)
        {
            ["node"] = hello.Identity.Node,
            ["cluster"] = hello.Identity.Cluster,
            ["tenant"] = hello.Identity.Tenant,
        };
        if (labels.Count != Labels.Count || labels.Except(Labels).Any())
        {
            Labels = labels;
        }
    }

    private static UpstreamException Full(string detail) => new(ProxyError.Upstream(ProxyErrorKind.Overloaded, detail: detail));

    private void OnStreamEnded()
    {
        if (Volatile.Read(ref _waiters) == 0)
        {
            return;
        }

        lock (_lock)
        {
            while (_waiting.First is { } first && TryTake() is { } connection)
            {
                _waiting.RemoveFirst();
                Volatile.Write(ref _waiters, _waiting.Count);
                if (!first.Value.TrySetResult(connection))
                {
                    connection.Leave();
                }
            }
        }
    }
}
