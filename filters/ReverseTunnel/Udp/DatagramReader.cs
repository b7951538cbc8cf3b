using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using FilterProxy.Filters.Datagrams;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>Reads datagrams out of a byte stream that a <see cref="DatagramQueue"/> at its other end has written.</summary>
/// <param name="input">The stream.</param>
/// <param name="pass">Takes those that have come; the batch is valid during the call.</param>
internal sealed class DatagramReader(PipeReader input, Action<DatagramBatch> pass) : IDisposable
{
    // Of a datagram that has come in part: what there is of it, its length before it.
    private byte[] _part = [];
    private int _have;

    /// <summary>Reads until the stream ends.</summary>
    /// <exception cref="InvalidDataException">What comes is no datagrams.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancel);
            try
            {
                Take(read.Buffer);
            }
            finally
            {
                // All of it, also of a datagram that is not whole: a window that waits for its rest would never open.
                input.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        if (_part.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_part);
        }

        (_part, _have) = ([], 0);
    }

    private void Take(ReadOnlySequence<byte> bytes)
    {
        var batch = DatagramBatch.OfThread;
        batch.Clear();
        foreach (var piece in bytes)
        {
            for (var rest = piece.Span; rest.Length > 0;)
            {
                rest = rest[(_have == 0 ? TakeWhole(rest, batch) : TakePart(rest, batch))..];
            }
        }

        Pass(batch);
    }

    private int TakeWhole(ReadOnlySpan<byte> bytes, DatagramBatch batch)
    {
        if (bytes.Length < DatagramQueue.HeadLength || bytes.Length - DatagramQueue.HeadLength < LengthOf(bytes))
        {
            return TakePart(bytes, batch);
        }

        var length = LengthOf(bytes);
        Add(bytes.Slice(DatagramQueue.HeadLength, length), batch);
        return DatagramQueue.HeadLength + length;
    }

    private int TakePart(ReadOnlySpan<byte> bytes, DatagramBatch batch)
    {
        if (_part.Length == 0)
        {
            _part = ArrayPool<byte>.Shared.Rent(DatagramQueue.HeadLength + DatagramQueue.Longest);
        }

        var taken = 0;
        if (_have < DatagramQueue.HeadLength)
        {
            taken = Copy(bytes, DatagramQueue.HeadLength);
            if (_have < DatagramQueue.HeadLength)
            {
                return taken;
            }
        }

        var whole = DatagramQueue.HeadLength + LengthOf(_part);
        taken += Copy(bytes[taken..], whole);
        if (_have == whole)
        {
            Add(_part.AsSpan(DatagramQueue.HeadLength, whole - DatagramQueue.HeadLength), batch);
            Dispose();
        }

        return taken;
    }

    private int Copy(ReadOnlySpan<byte> bytes, int until)
    {
        var count = Math.Min(bytes.Length, until - _have);
        bytes[..count].CopyTo(_part.AsSpan(_have));
        _have += count;
        return count;
    }

    private void Add(ReadOnlySpan<byte> datagram, DatagramBatch batch)
    {
        if (batch.Count == DatagramBatch.Most)
        {
            Pass(batch);
        }

        batch.Add(datagram);
    }

    private void Pass(DatagramBatch batch)
    {
        if (batch.Count > 0)
        {
            pass(batch);
            batch.Clear();
        }
    }

    private static int LengthOf(ReadOnlySpan<byte> head)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(head);
        return length <= DatagramQueue.Longest ? length : throw new InvalidDataException($"{length} bytes are no datagram.");
    }
}
