using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;

namespace FilterProxy.Core.Http1;

/// <summary>
/// Writes the body of one HTTP/1 message to a connection with the framing its head announced. Reused by its connection; for
/// requests and responses alike. Small pieces gather until <see cref="FlushAsync"/>, large ones are sent from where they are.
/// </summary>
internal sealed class Http1BodyWriter : BodyWriter
{
    private const int DirectSendThreshold = 8 * 1024;
    private const int FlushThreshold = 32 * 1024;
    private PipeWriter _output = null!;
    private ISequenceSend? _sender;
    private BodyKind _kind;
    private long _remaining;
    private int _unflushed;

    /// <summary>Whether bytes wait to be flushed, those of the head included.</summary>
    public override bool HasUnflushed => _unflushed > 0;

    /// <summary>Begins after the head was written to <paramref name="output"/> but not flushed.</summary>
    public void Begin(PipeWriter output, ISequenceSend? sender, BodyKind kind, long length)
    {
        _output = output;
        _sender = sender;
        _kind = kind;
        _remaining = length;
        _unflushed = 1;
    }

    /// <summary>Writes a piece; flushes when enough has gathered. False when the other side is gone or the length was exceeded.</summary>
    public override ValueTask<bool> WriteAsync(in ReadOnlySequence<byte> data)
    {
        if (_sender is not null && data.Length >= DirectSendThreshold)
        {
            return TryCount(data.Length) ? SendAsync(data) : new ValueTask<bool>(false);
        }

        return !Gather(data) ? new ValueTask<bool>(false)
            : _unflushed >= FlushThreshold ? FlushAsync()
            : new ValueTask<bool>(true);
    }

    /// <summary>Writes a piece that goes out with what was written before, at the next flush. False when the length was exceeded.</summary>
    public bool Gather(in ReadOnlySequence<byte> data)
    {
        if (data.IsEmpty)
        {
            return true;
        }

        if (!TryCount(data.Length))
        {
            return false;
        }

        foreach (var piece in data)
        {
            _output.Write(piece.Span);
        }

        if (_kind == BodyKind.Chunked)
        {
            _output.Write(Http1Writer.ChunkEnd);
        }

        _unflushed += (int)data.Length;
        return true;
    }

    /// <summary>Writes what ends the body. False when fewer bytes were written than announced: the connection must be cut.</summary>
    public override bool End(HeaderMap? trailers)
    {
        if (_kind == BodyKind.Chunked)
        {
            if (trailers is { Count: > 0 })
            {
                Http1Writer.WriteTrailers(_output, trailers);
            }
            else
            {
                _output.Write(Http1Writer.LastChunk);
            }

            _unflushed++;
        }

        return _kind != BodyKind.Length || _remaining == 0;
    }

    /// <summary>Sends what was written. False when the other side is gone.</summary>
    public override ValueTask<bool> FlushAsync()
    {
        _unflushed = 0;
        var flush = _output.FlushAsync();
        return flush.IsCompletedSuccessfully ? new ValueTask<bool>(!flush.Result.IsCompleted) : FinishAsync(flush);
    }

    /// <summary>Counts a piece and writes what stands before it. False when the length is exceeded.</summary>
    private bool TryCount(long length)
    {
        if (_kind == BodyKind.Chunked)
        {
            var header = _output.GetSpan(Http1Writer.MaxChunkHeader);
            _output.Advance(Http1Writer.WriteChunkHeader(header, length));
        }

        return _kind != BodyKind.Length || (_remaining -= length) >= 0;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendAsync(ReadOnlySequence<byte> data)
    {
        await _sender!.SendAsync(data);
        _unflushed = 0;
        if (_kind == BodyKind.Chunked)
        {
            _output.Write(Http1Writer.ChunkEnd);
            _unflushed = 2;
        }

        return true;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> FinishAsync(ValueTask<FlushResult> flush) => !(await flush).IsCompleted;
}
