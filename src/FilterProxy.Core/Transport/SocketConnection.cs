using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Transport;

/// <summary>A connection over a raw socket whose pipe has no pump: reading receives, flushing sends.</summary>
internal sealed class SocketConnection : ConnectionContext, IDuplexPipe, IHalfClose, IConnectionSocketFeature, IDirectOwner
{
    private readonly EpollSocket? _onLoop;
    private int _closed;
    private volatile bool _isOver;
    private ConnectionFeatures? _features;
    private CancellationTokenSource? _closedSource;
    private IEndWatcher? _watcher;
    private IDictionary<object, object?>? _items;
    private string? _id;
    private Addresses? _told;

    /// <param name="socket">Connected; the connection owns it.</param>
    /// <param name="loop">The event loop it belongs to for life; null to leave it to the runtime's.</param>
    public SocketConnection(Socket socket, EpollLoop? loop = null)
        : this(socket, loop is null ? null : new EpollSocket(socket.SafeHandle, loop))
    {
    }

    /// <param name="socket">As above.</param>
    /// <param name="onLoop">Its registration with an event loop.</param>
    public SocketConnection(Socket socket, EpollSocket? onLoop)
    {
        Socket = socket;
        _onLoop = onLoop;
        Input = onLoop is null ? new SocketReader(socket) { Owner = this } : new EpollReader(onLoop) { Owner = this };
        Output = onLoop is null ? new SocketWriter(socket) { Owner = this } : new EpollWriter(onLoop, socket) { Owner = this };
        Transport = this;
    }

    public Socket Socket { get; }

    /// <summary>The event loop it belongs to; null where that is the runtime's affair.</summary>
    public EventLoop? Loop => _onLoop?.Loop;

    /// <summary>Its registration with that loop.</summary>
    public EpollSocket? OnLoop => _onLoop;

    public DirectReader Input { get; }

    public DirectWriter Output { get; }

    PipeReader IDuplexPipe.Input => Input;

    PipeWriter IDuplexPipe.Output => Output;

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId
    {
        get => _id ??= CorrelationId.Next();
        set => _id = value;
    }

    public override IFeatureCollection Features => _features ??= new ConnectionFeatures(this);

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    /// <summary>The socket's, unless a filter knows better, as after a PROXY protocol header.</summary>
    public override EndPoint? LocalEndPoint
    {
        get => _told is null ? Socket.LocalEndPoint : _told.Local;
        set => _told = new Addresses(value, RemoteEndPoint);
    }

    /// <summary>As <see cref="LocalEndPoint"/>.</summary>
    public override EndPoint? RemoteEndPoint
    {
        get => _told is null ? Socket.RemoteEndPoint : _told.Remote;
        set => _told = new Addresses(LocalEndPoint, value);
    }

    /// <summary>Cancelled when the peer's end, or a reset, is received: while somebody reads, or a prefetch is under way.</summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            if (_closedSource is null && Interlocked.CompareExchange(ref _closedSource, new CancellationTokenSource(), null) is null && _isOver)
            {
                _closedSource.Cancel();
            }

            return _closedSource.Token;
        }

        set => throw new NotSupportedException("The connection owns its token.");
    }

    /// <summary>Told when <see cref="ConnectionClosed"/> would be cancelled, which costs more; null for nobody. One at a time.</summary>
    public IEndWatcher? Watcher
    {
        set
        {
            Interlocked.Exchange(ref _watcher, value);
            if (_isOver)
            {
                value?.OnPeerEnded();
            }
        }
    }

    /// <summary>Sends FIN behind what was written; the peer may go on sending.</summary>
    public ValueTask EndOutputAsync() => Output.CompleteAsync();

    /// <summary>Most connections end without anybody asking for the token.</summary>
    void IDirectOwner.OnEnded()
    {
        _isOver = true;
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _closedSource)?.Cancel();
        Volatile.Read(ref _watcher)?.OnPeerEnded();
    }

    void IDirectOwner.Reset() => Abort();

    /// <summary>Closes the socket with a reset, from any thread; reads and writes under way fail.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => Close(reset: true);

    public override async ValueTask DisposeAsync()
    {
        Close(reset: false);
        Input.Dispose();
        Output.Dispose();
        ((IDirectOwner)this).OnEnded();
        await base.DisposeAsync();
    }

    private void Close(bool reset)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        try
        {
            if (reset)
            {
                Socket.LingerState = new LingerOption(true, 0);
            }
            else
            {
                Output.SendQueued();

                // An orderly end first: closing with a receive under way would reset the connection.
                Socket.Shutdown(SocketShutdown.Both);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed by the other side: nothing left to end.
        }

        Socket.Dispose();
        _onLoop?.Close();
    }

    private sealed record Addresses(EndPoint? Local, EndPoint? Remote);
}
