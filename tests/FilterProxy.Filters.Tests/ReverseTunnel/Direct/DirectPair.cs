using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using FilterProxy.Filters.ReverseTunnel.Direct;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Direct;

/// <summary>Two connections that talk to each other over the loopback, straight or through a forwarder.</summary>
internal sealed class DirectPair : IAsyncDisposable
{
    private readonly LossyForwarder? _forwarder;

    public DirectPair(double loss = 0, int delay = 0, bool isForwarded = false, bool sameKey = true)
    {
        var (visitor, agent) = (Bound(), Bound());
        (VisitorAddress, AgentAddress) = ((IPEndPoint)visitor.LocalEndPoint!, (IPEndPoint)agent.LocalEndPoint!);
        if (isForwarded)
        {
            _forwarder = new LossyForwarder(VisitorAddress, AgentAddress, loss, delay);
        }

        var key = RandomNumberGenerator.GetBytes(DirectConnection.KeyLength);
        Visitor = DirectConnection.Start(visitor, _forwarder?.ForVisitor ?? AgentAddress, key, isVisitor: true, TimeProvider.System);
        key = sameKey ? key : RandomNumberGenerator.GetBytes(DirectConnection.KeyLength);
        Agent = DirectConnection.Start(agent, _forwarder?.ForAgent ?? VisitorAddress, key, isVisitor: false, TimeProvider.System);
    }

    public IPEndPoint VisitorAddress { get; }

    public IPEndPoint AgentAddress { get; }

    public DirectConnection Visitor { get; }

    public DirectConnection Agent { get; }

    public static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    public static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static async Task WriteAsync(DirectConnection to, ReadOnlyMemory<byte> bytes, bool ends = true)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, 64 * 1024)];
            bytes = bytes[piece.Length..];
            if ((await to.Output.WriteAsync(piece)).IsCompleted)
            {
                throw new IOException("Nobody reads.");
            }
        }

        if (ends)
        {
            await to.EndOutputAsync();
        }
    }

    public static async Task<byte[]> ReadToEndAsync(DirectConnection from)
    {
        using var received = new MemoryStream();
        while (true)
        {
            var read = await from.Input.ReadAsync();
            foreach (var piece in read.Buffer)
            {
                received.Write(piece.Span);
            }

            from.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return received.ToArray();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Visitor.DisposeAsync();
        await Agent.DisposeAsync();
        _forwarder?.Dispose();
    }
}

/// <summary>Passes datagrams on between two, loses some, and takes its time.</summary>
internal sealed class LossyForwarder : IDisposable
{
    private readonly Socket _visitorSide = DirectPair.Bound();
    private readonly Socket _agentSide = DirectPair.Bound();
    private readonly CancellationTokenSource _stop = new();

    public LossyForwarder(IPEndPoint visitor, IPEndPoint agent, double loss, int delay)
    {
        foreach (var socket in new[] { _visitorSide, _agentSide })
        {
            socket.ReceiveBufferSize = socket.SendBufferSize = 4 << 20;
        }

        Start(_visitorSide, _agentSide, agent, loss, delay, 1);
        Start(_agentSide, _visitorSide, visitor, loss, delay, 2);
    }

    public IPEndPoint ForVisitor => (IPEndPoint)_visitorSide.LocalEndPoint!;

    public IPEndPoint ForAgent => (IPEndPoint)_agentSide.LocalEndPoint!;

    public void Dispose()
    {
        _stop.Cancel();
        _visitorSide.Dispose();
        _agentSide.Dispose();
    }

    private void Start(Socket from, Socket by, IPEndPoint to, double loss, int delay, int seed)
    {
        var waiting = System.Threading.Channels.Channel.CreateBounded<(byte[] Bytes, int Length, long At)>(
            new System.Threading.Channels.BoundedChannelOptions(20_000) { FullMode = System.Threading.Channels.BoundedChannelFullMode.DropWrite });
        _ = Task.Run(async () =>
        {
            var random = new Random(seed);
            var any = new SocketAddress(AddressFamily.InterNetwork);
            var buffer = new byte[2048];
            try
            {
                while (true)
                {
                    var length = await from.ReceiveFromAsync(buffer, SocketFlags.None, any, _stop.Token);
                    if (random.NextDouble() < loss)
                    {
                        continue;
                    }

                    if (delay == 0)
                    {
                        by.SendTo(buffer.AsSpan(0, length), to);
                        continue;
                    }

                    var copy = ArrayPool<byte>.Shared.Rent(length);
                    buffer.AsSpan(0, length).CopyTo(copy);
                    waiting.Writer.TryWrite((copy, length, Environment.TickCount64 + delay));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                waiting.Writer.Complete();
            }
        });
        _ = Task.Run(async () =>
        {
            try
            {
                await foreach (var (bytes, length, at) in waiting.Reader.ReadAllAsync(_stop.Token))
                {
                    while (Environment.TickCount64 < at)
                    {
                        await Task.Delay(1, _stop.Token);
                    }

                    by.SendTo(bytes.AsSpan(0, length), to);
                    ArrayPool<byte>.Shared.Return(bytes);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // It is over.
            }
        });
    }
}
