using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using FilterProxy.Filters.ReverseTunnel.Direct;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Direct;

/// <summary>One end of a simulated connection, with what a test has written and read there.</summary>
internal sealed class DirectPeer
{
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 2 << 20, resumeWriterThreshold: 1 << 20, useSynchronizationContext: false));
    private readonly Pipe _input = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly MemoryStream _received = new();
    private byte[] _toSend = [];
    private int _written;
    private bool _isWriting;
    private ValueTask<FlushResult> _flush;

    public DirectPeer(byte[] key, bool isVisitor, long now) => Engine = new DirectEngine(key, isVisitor, _output.Reader, _input.Writer, now);

    public DirectEngine Engine { get; }

    public byte[] Received => _received.ToArray();

    public long ReceivedLength => _received.Length;

    public int Written => _written;

    public bool HasEnded { get; private set; }

    public Exception? ReadFailure { get; private set; }

    public bool IsReading { get; set; } = true;

    public bool EndsOutput { get; set; } = true;

    public bool IsGone => _flush.IsCompleted && _isGone;

    private bool _isGone;

    /// <summary>Writes all of it as the connection takes it, and then the end.</summary>
    public void Write(byte[] bytes) => (_toSend, _isWriting) = (bytes, true);

    /// <summary>Writes and reads what goes without waiting.</summary>
    public void Work(Random random)
    {
        while (_isWriting && !_isGone && _flush.IsCompleted)
        {
            if (_flush.GetAwaiter().GetResult().IsCompleted)
            {
                _isGone = true;
                return;
            }

            if (_written == _toSend.Length)
            {
                if (EndsOutput)
                {
                    _isWriting = false;
                    _output.Writer.Complete();
                }

                return;
            }

            var piece = Math.Min(_toSend.Length - _written, 1 + random.Next(random.Next(20_000) + 1));
            _output.Writer.Write(_toSend.AsSpan(_written, piece));
            _written += piece;
            _flush = _output.Writer.FlushAsync();
        }
    }

    public void Read()
    {
        while (IsReading && !HasEnded && ReadFailure is null)
        {
            try
            {
                if (!_input.Reader.TryRead(out var read))
                {
                    return;
                }

                foreach (var piece in read.Buffer)
                {
                    _received.Write(piece.Span);
                }

                HasEnded = read.IsCompleted;
                _input.Reader.AdvanceTo(read.Buffer.End);
                Engine.OnConsumed(_received.Length);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                ReadFailure = e;
            }
        }
    }
}

/// <summary>What a link does to datagrams.</summary>
internal sealed record LinkTrouble
{
    public double Loss { get; init; }

    public double Duplicates { get; init; }

    public double Corruption { get; init; }

    public double Reordering { get; init; }

    /// <summary>One way, in milliseconds.</summary>
    public double Delay { get; init; } = 10;

    /// <summary>Bytes a millisecond; 0 for no limit.</summary>
    public double Rate { get; init; }

    /// <summary>Bytes that wait for that rate at most.</summary>
    public double Queue { get; init; } = 64 * 1200;
}

/// <summary>Two ends and a link between them, in a time that passes as the test wants, and always the same for the same seed.</summary>
internal sealed class DirectLink
{
    private readonly PriorityQueue<(byte[] Datagram, int To), (long At, long Order)> _underWay = new();
    private readonly byte[] _scratch = new byte[DirectPacket.MaxSize];
    private readonly double[] _busyUntil = new double[2];
    private long _order;

    public DirectLink(int seed, LinkTrouble? trouble = null, bool sameKey = true)
    {
        Random = new Random(seed);
        Trouble = trouble ?? new LinkTrouble();
        var key = RandomNumberGenerator.GetBytes(DirectConnection.KeyLength);
        Ends = [new DirectPeer(key, isVisitor: true, 0), new DirectPeer(sameKey ? key : RandomNumberGenerator.GetBytes(32), isVisitor: false, 0)];
    }

    public Random Random { get; }

    public LinkTrouble Trouble { get; set; }

    public DirectPeer[] Ends { get; }

    public long Now { get; private set; }

    public TimeSpan Elapsed => TimeSpan.FromTicks(Now);

    /// <summary>Whether a datagram to an end gets through, besides its troubles.</summary>
    public Func<int, byte[], bool> Passes { get; set; } = static (_, _) => true;

    /// <summary>All that was sent, where a test keeps it.</summary>
    public List<(byte[] Datagram, int To)>? Log { get; set; }

    public long Datagrams { get; private set; }

    /// <summary>Goes on until a condition holds, or a time has passed.</summary>
    /// <returns>Whether it held.</returns>
    public bool Run(Func<bool> until, double seconds = 120)
    {
        var end = Now + (long)(seconds * TimeSpan.TicksPerSecond);
        while (true)
        {
            foreach (var peer in Ends)
            {
                peer.Read();
                peer.Work(Random);
            }

            Send(0);
            Send(1);
            if (until())
            {
                return true;
            }

            var next = Math.Min(Ends[0].Engine.Deadline(), Ends[1].Engine.Deadline());
            if (_underWay.TryPeek(out _, out var first))
            {
                next = Math.Min(next, first.At);
            }

            if (next > end)
            {
                Now = end;
                return until();
            }

            Now = Math.Max(Now + 1, next);
            while (_underWay.TryPeek(out var arrived, out first) && first.At <= Now)
            {
                _underWay.Dequeue();
                Ends[arrived.To].Engine.Receive(arrived.Datagram, Now);
            }

            foreach (var peer in Ends)
            {
                peer.Engine.OnTime(Now);
                peer.Engine.Flush();
            }
        }
    }

    public void Deliver(byte[] datagram, int to) => Ends[to].Engine.Receive(datagram, Now);

    private void Send(int from)
    {
        var engine = Ends[from].Engine;
        engine.Refresh(Now);
        while (engine.Send(_scratch, Now) is > 0 and var length)
        {
            Datagrams++;
            var datagram = _scratch[..length];
            Log?.Add((datagram, 1 - from));
            if (Passes(1 - from, datagram))
            {
                Carry(datagram, 1 - from);
            }
        }

        engine.Flush();
    }

    private void Carry(byte[] datagram, int to)
    {
        var at = Now + (Trouble.Delay * TimeSpan.TicksPerMillisecond);
        if (Trouble.Rate > 0)
        {
            var start = Math.Max(Now, _busyUntil[to]);
            if ((start - Now) / TimeSpan.TicksPerMillisecond * Trouble.Rate > Trouble.Queue)
            {
                return;
            }

            _busyUntil[to] = start + (datagram.Length / Trouble.Rate * TimeSpan.TicksPerMillisecond);
            at += _busyUntil[to] - Now;
        }

        if (Random.NextDouble() < Trouble.Loss)
        {
            return;
        }

        if (Random.NextDouble() < Trouble.Reordering)
        {
            at += Random.NextDouble() * 2 * Trouble.Delay * TimeSpan.TicksPerMillisecond;
        }

        if (Random.NextDouble() < Trouble.Duplicates)
        {
            _underWay.Enqueue((datagram, to), ((long)at + Random.Next(1, 500_000), _order++));
        }

        if (Random.NextDouble() < Trouble.Corruption)
        {
            datagram = [.. datagram];
            datagram[Random.Next(datagram.Length)] ^= (byte)(1 << Random.Next(8));
        }

        _underWay.Enqueue((datagram, to), ((long)at, _order++));
    }
}
