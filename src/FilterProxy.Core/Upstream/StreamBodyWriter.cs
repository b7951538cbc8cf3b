using System.Buffers;
using FilterProxy.Core.Buffers;

namespace FilterProxy.Core.Upstream;

/// <summary>Writes a request's body to the stream a framework's client offers; what breaks is a "gone", never an exception.</summary>
internal sealed class StreamBodyWriter : BodyWriter
{
    private Stream _stream = Stream.Null;
    private CancellationToken _cancel;
    private long _remaining;
    private bool _hasUnflushed;

    /// <summary>What the stream threw, which knows why; null while nothing broke.</summary>
    public Exception? Failure { get; private set; }

    public override bool HasUnflushed => _hasUnflushed;

    /// <param name="stream">Where to.</param>
    /// <param name="length">The length that was announced; -1 where none was.</param>
    /// <param name="cancel">Ends writes under way.</param>
    public void Begin(Stream stream, long length, CancellationToken cancel)
    {
        _stream = stream;
        _remaining = length < 0 ? long.MaxValue : length;
        _cancel = cancel;
        HasLength = length >= 0;
        Failure = null;

        // The head waits as well.
        _hasUnflushed = true;
    }

    private bool HasLength { get; set; }

    public override ValueTask<bool> WriteAsync(in ReadOnlySequence<byte> data)
    {
        if (data.IsEmpty)
        {
            return new ValueTask<bool>(true);
        }

        if ((_remaining -= data.Length) < 0)
        {
            return new ValueTask<bool>(false);
        }

        _hasUnflushed = true;
        return WriteSegmentsAsync(data);
    }

    // The client ends the message itself; request trailers are beyond it.
    public override bool End(HeaderMap? trailers) => !HasLength || _remaining == 0;

    public override async ValueTask<bool> FlushAsync()
    {
        try
        {
            _hasUnflushed = false;
            await _stream.FlushAsync(_cancel);
            return true;
        }
        catch (Exception e)
        {
            Failure = e;
            return false;
        }
    }

    private async ValueTask<bool> WriteSegmentsAsync(ReadOnlySequence<byte> data)
    {
        try
        {
            foreach (var segment in data)
            {
                await _stream.WriteAsync(segment, _cancel);
            }

            return true;
        }
        catch (Exception e)
        {
            Failure = e;
            return false;
        }
    }
}
