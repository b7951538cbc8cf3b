using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>A connection to a peer, on loan from its pool to one exchange at a time.</summary>
internal sealed class UpstreamConnection
{
    private static long s_lastId;
    private readonly DirectReader? _socketReader;
    private long _nextLease;
    private long _lease;

    public UpstreamConnection(ConnectionPool pool, ConnectionContext connection, long now)
    {
        Pool = pool;
        Connection = connection;
        Input = connection.Transport.Input;
        Output = connection.Transport.Output;

        // Of the transport, never of the connection: over TLS the socket's own sender would bypass it.
        Sender = Output as ISequenceSend;
        _socketReader = Input as DirectReader;
        CreatedAt = now;
        _nextLease = Interlocked.Increment(ref s_lastId) << 32;
    }

    public ConnectionPool Pool { get; }

    public ConnectionContext Connection { get; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public ISequenceSend? Sender { get; }

    /// <summary>The client it was opened for and serves alone; null where connections are shared.</summary>
    public DownstreamInfo? Downstream { get; init; }

    /// <summary>That client's addresses, which the upstream was told.</summary>
    public DownstreamAddresses Addresses { get; init; }

    /// <summary>When it was opened, in heartbeat milliseconds.</summary>
    public long CreatedAt { get; }

    /// <summary>When it went idle, in heartbeat milliseconds.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether it has served an exchange before: then it may have died unnoticed.</summary>
    public bool Reused { get; set; }

    /// <summary>
    /// Whether an idle connection can still be used: bytes without a request, or the end, mean that it cannot.
    /// </summary>
    public bool IsAlive
    {
        get
        {
            if (_socketReader is not null)
            {
                return !_socketReader.HasNews;
            }

            try
            {
                return !Input.TryRead(out _);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                return false;
            }
        }
    }

    /// <summary>Makes the end of an idle connection noticeable.</summary>
    public void Prefetch() => _socketReader?.Prefetch();

    /// <summary>Begins the use by one exchange; the number is unique in the process and names this use to <see cref="Abort"/>.</summary>
    public long BeginLease(object user)
    {
        _socketReader?.Serves = user;
        var lease = ++_nextLease;
        Volatile.Write(ref _lease, lease);
        return lease;
    }

    /// <summary>Ends a use. False when it was aborted: then the connection must be discarded.</summary>
    public bool EndLease(long lease)
    {
        _socketReader?.Serves = null;
        return Interlocked.CompareExchange(ref _lease, 0, lease) == lease;
    }

    /// <summary>
    /// Breaks a use off, from any thread; whoever reads or writes fails. Nothing happens when that use is over already.
    /// </summary>
    public void Abort(long lease)
    {
        if (Interlocked.CompareExchange(ref _lease, -1, lease) == lease)
        {
            Connection.Abort();
        }
    }

    /// <summary>Closes it. A socket closes at once; a stream may take a moment longer, which nobody waits for.</summary>
    public void Close()
    {
        var closing = Connection.DisposeAsync();
        if (!closing.IsCompletedSuccessfully)
        {
            _ = closing.AsTask().ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }
    }
}
