using System.Buffers;

namespace FilterProxy.Core.Transport;

/// <summary>Where a receive goes.</summary>
internal abstract partial class DirectReader
{
    private void EnsureSpace()
    {
        var wanted = _isLarge ? LargeBufferSize : SmallBufferSize;
        if (_start == _end)
        {
            _start = _end = _examined = 0;
            if (_buffer.Length < wanted || (!_isLarge && _buffer.Length > SmallBufferSize * 2))
            {
                ReleaseBuffer();
                _buffer = ArrayPool<byte>.Shared.Rent(wanted);
            }

            return;
        }

        if (_buffer.Length - _end >= 1024)
        {
            return;
        }

        // The caller needs more before it can consume: move what is left to the front of the same or a larger buffer.
        var length = _end - _start;
        var target = length > _buffer.Length / 2 ? ArrayPool<byte>.Shared.Rent(Math.Max(wanted, _buffer.Length * 2)) : _buffer;
        Buffer.BlockCopy(_buffer, _start, target, 0, length);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        _examined -= _start;
        _start = 0;
        _end = length;
    }

    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
