using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>A socket that talks to one peer, and ignores everybody else.</summary>
internal sealed class DirectSocket
{
    // So much comes with one round trip at most; the system allows less.
    private const int BufferSize = 4 << 20;
    private const int TurnsInARow = 16;
    private const int ErrorsInARow = 1000;

    [ThreadStatic]
    private static DatagramBatch? t_batch;

    private readonly Socket _socket;
    private readonly SocketAddress _to;
    private readonly SocketAddress _sender;
    private readonly Action<SocketError> _lost;
    private volatile bool _isClosed;

    /// <param name="socket">Bound; this one's from then on.</param>
    /// <param name="peer">The one it talks to.</param>
    public DirectSocket(Socket socket, IPEndPoint peer)
    {
        (_socket, Peer, Local) = (socket, peer, socket.LocalEndPoint);
        var isMapped = socket.AddressFamily == AddressFamily.InterNetworkV6 && peer.AddressFamily == AddressFamily.InterNetwork;
        _to = (isMapped ? new IPEndPoint(peer.Address.MapToIPv6(), peer.Port) : peer).Serialize();
        _sender = new SocketAddress(socket.AddressFamily);

        // What the system does not take is lost, as what the network does not take, and is sent again.
        _lost = static _ => { };
        socket.Blocking = false;
        socket.ReceiveBufferSize = BufferSize;
        socket.SendBufferSize = BufferSize / 4;
    }

    /// <summary>
    /// The calling thread's, to receive and to send, for work that waits for nothing. Not <see cref="DatagramBatch.OfThread"/>: whoever writes to a
    /// connection may be passing on what is in that.
    /// </summary>
    public static DatagramBatch Batch => t_batch ??= new DatagramBatch();

    public IPEndPoint Peer { get; }

    public EndPoint? Local { get; }

    public bool IsClosed => _isClosed;

    /// <summary>Datagrams of others.</summary>
    public long Strange { get; private set; }

    /// <summary>Room for a datagram, for whoever holds the connection's lock.</summary>
    public byte[] Scratch { get; } = new byte[DirectPacket.MaxSize];

    /// <summary>Whether a datagram is of the peer. Flow and scope, which an IPv6 address has besides, are the system's own.</summary>
    public bool IsFromPeer(DatagramBatch batch, int index)
    {
        batch.CopySender(index, _sender);
        var from = _sender.Buffer.Span[.._sender.Size];
        var to = _to.Buffer.Span[.._to.Size];
        var isV6 = _to.Family == AddressFamily.InterNetworkV6;
        var isSame = from.Length == to.Length && from[..4].SequenceEqual(to[..4])
            && (isV6 ? from[8..24].SequenceEqual(to[8..24]) : from[4..8].SequenceEqual(to[4..8]));
        Strange += isSame ? 0 : 1;
        return isSame;
    }

    public void Send(DatagramBatch batch)
    {
        if (batch.Count > 0)
        {
            _ = batch.SendAll(_socket, 0, batch.Count, _to, _lost);
        }
    }

    /// <summary>Hands over what arrives until it is closed.</summary>
    /// <param name="received">Told of datagrams, which are gone when it returns.</param>
    public async Task RunAsync(Action<DatagramBatch> received)
    {
        var nothing = new byte[1];
        var from = new SocketAddress(_socket.AddressFamily);
        var (turns, errors) = (0, 0);
        while (!_isClosed && errors < ErrorsInARow)
        {
            try
            {
                // Waits without a buffer to speak of: most are quiet most of the time.
                await _socket.ReceiveFromAsync(nothing.AsMemory(), SocketFlags.Peek, from);
                if (++turns == TurnsInARow)
                {
                    // The thread may be the one that all sockets wait for.
                    turns = 0;
                    await Task.Yield();
                }

                errors = Drain(received) ? 0 : errors + 1;
            }
            catch (SocketException)
            {
                errors++;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    public void Close()
    {
        _isClosed = true;
        _socket.Dispose();
    }

    private bool Drain(Action<DatagramBatch> received)
    {
        var batch = Batch;
        if (_isClosed || batch.Receive(_socket) is not SocketError.Success)
        {
            return false;
        }

        received(batch);
        return true;
    }
}
