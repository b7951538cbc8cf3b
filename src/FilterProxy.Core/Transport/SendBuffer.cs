using System.Buffers;

namespace FilterProxy.Core.Transport;

/// <summary>Where a <see cref="DirectWriter"/> gathers what is written until it is sent from here. Rented while something is in it.</summary>
internal struct SendBuffer()
{
    private const int InitialSize = 4 * 1024;

    private byte[] _bytes = [];
    private byte[] _lent = [];

    /// <summary>Bytes written and not yet taken.</summary>
    public int Written { get; private set; }

    public readonly int Room => _bytes.Length - Written;

    public readonly Memory<byte> Free => _bytes.AsMemory(Written);

    public readonly Span<byte> FreeSpan => _bytes.AsSpan(Written);

    public void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)Room, nameof(bytes));
        Written += bytes;
    }

    /// <summary>Hands out what was written, to be sent. It stays where it is until <see cref="ReleaseSent"/>.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        var taken = _bytes.AsMemory(0, Written);
        Written = 0;
        return taken;
    }

    /// <summary>Makes room.</summary>
    /// <param name="size">At least 1.</param>
    /// <param name="sending">Whether what was taken is still being sent: then writing goes on in another buffer.</param>
    public void Grow(int size, bool sending)
    {
        if (sending && Written == 0 && _lent.Length == 0)
        {
            (_lent, _bytes) = (_bytes, _lent);
        }

        if (Room < size)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(InitialSize, Math.Max(_bytes.Length * 2, Written + size)));
            _bytes.AsSpan(0, Written).CopyTo(larger);
            Return(ref _bytes);
            _bytes = larger;
        }
    }

    /// <summary>What was taken is sent.</summary>
    public void ReleaseSent()
    {
        Return(ref _lent);
        if (Written == 0)
        {
            Return(ref _bytes);
        }
    }

    /// <summary>Gives everything back; nothing is being sent.</summary>
    public void Release()
    {
        Written = 0;
        Return(ref _bytes);
        Return(ref _lent);
    }

    private static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
    }
}
