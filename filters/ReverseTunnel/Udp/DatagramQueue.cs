using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>
/// Datagrams on their way into a byte stream, each behind its length (two bytes, the higher first). What the stream does not take in time is dropped, so that nobody waits
/// for one stream. Holds memory only while something is under way.
/// </summary>
/// <param name="room">Bytes that may wait.</param>
internal sealed class DatagramQueue(int room) : IAsyncDisposable
{
    /// <summary>Bytes before each datagram.</summary>
    public const int HeadLength = 2;

    /// <summary>The most bytes of a datagram: what UDP over IPv4 can carry.</summary>
    public const int Longest = 65_507;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private PipeWriter? _output;
    private byte[] _waiting = [];
    private int _length;
    private bool _isOver;
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;

    /// <summary>Takes a datagram, to be sent with <see cref="Send"/>; false where it is dropped.</summary>
    public bool TryAdd(ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            var length = _length + HeadLength + datagram.Length;
            if (_isOver || datagram.Length > Longest || length > room)
            {
                return false;
            }

            Reserve(length);
            BinaryPrimitives.WriteUInt16BigEndian(_waiting.AsSpan(_length), (ushort)datagram.Length);
            datagram.CopyTo(_waiting.AsSpan(_length + HeadLength));
            _length = length;
            return true;
        }
    }

    /// <summary>Has what waits be sent, unless that goes on already.</summary>
    public void Send()
    {
        lock (_lock)
        {
            if (_output is { } output && !_isWriting && !_isOver && _length > 0)
            {
                _isWriting = true;
                _writing = Task.Run(() => WriteAsync(output));
            }
        }
    }

    /// <summary>Says where to; what has come before is sent now.</summary>
    public void Attach(PipeWriter output)
    {
        lock (_lock)
        {
            _output = output;
        }

        Send();
    }

    /// <summary>Drops what waits, and breaks off a write that goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        Task writing;
        lock (_lock)
        {
            (_isOver, writing) = (true, _writing);
            Release();
        }

        await _stop.CancelAsync();
        await writing;
    }

    private async Task WriteAsync(PipeWriter output)
    {
        try
        {
            while (Take() is { } waiting)
            {
                try
                {
                    await output.WriteAsync(waiting, _stop.Token);
                }
                finally
                {
                    Return(waiting);
                }
            }
        }
        catch (Exception)
        {
            // The stream is over, whatever it calls that: who reads from it is told the same.
            lock (_lock)
            {
                (_isOver, _isWriting) = (true, false);
                Release();
            }
        }
    }

    private ReadOnlyMemory<byte>? Take()
    {
        lock (_lock)
        {
            if (_length == 0)
            {
                _isWriting = false;
                return null;
            }

            var taken = _waiting.AsMemory(0, _length);
            (_waiting, _length) = ([], 0);
            return taken;
        }
    }

    private void Reserve(int length)
    {
        if (_waiting.Length >= length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(length);
        _waiting.AsSpan(0, _length).CopyTo(larger);
        var kept = _length;
        Release();
        (_waiting, _length) = (larger, kept);
    }

    private void Release()
    {
        if (_waiting.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_waiting);
        }

        (_waiting, _length) = ([], 0);
    }

    private static void Return(ReadOnlyMemory<byte> taken)
    {
        if (System.Runtime.InteropServices.MemoryMarshal.TryGetArray(taken, out var array))
        {
            ArrayPool<byte>.Shared.Return(array.Array!);
        }
    }
}
