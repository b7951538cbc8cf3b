using System.Buffers;

namespace FilterProxy.Core.Buffers;

/// <summary>A body that is in memory, or whose beginning is, with the rest behind it.</summary>
internal sealed class MemoryBody : BodyReader
{
    private ReadOnlySequence<byte> _data;
    private BodyReader? _rest;
    private bool _given;

    public void Begin(ReadOnlySequence<byte> data, BodyReader? rest = null)
    {
        _data = data;
        _rest = rest;
        _given = false;
    }

    public override ValueTask<BodyRead> ReadAsync()
    {
        if (_given)
        {
            return _rest?.ReadAsync() ?? new ValueTask<BodyRead>(new BodyRead(BodyStatus.End));
        }

        return new ValueTask<BodyRead>(new BodyRead(_rest is null ? BodyStatus.End : BodyStatus.Data, _data));
    }

    public override void Advance()
    {
        if (_given)
        {
            _rest?.Advance();
        }

        _given = true;
    }
}
