using System.Buffers;
using System.Net.Http.Headers;
using FilterProxy.Core.Buffers;

namespace FilterProxy.Core.Upstream;

/// <summary>The body of a response as a framework's client hands it out, checked against the length that was announced.</summary>
internal sealed class StreamBody : BodyReader
{
    private const int FirstRead = 16 * 1024, LaterReads = 64 * 1024;
    private Stream? _stream;
    private HttpResponseMessage? _response;
    private HeaderMap _trailers = null!;
    private CancellationToken _cancel;
    private long _remaining;
    private bool _hasLength;
    private int _maxTrailerBytes;
    private byte[]? _buffer;
    private ValueTask<int> _reading;
    private bool _isReading;

    /// <summary>Bytes of it that have come.</summary>
    public long Total { get; private set; }

    /// <summary>Whether it has been read to its end.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Why it broke off, where it did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Begins without a body.</summary>
    public void BeginEmpty()
    {
        _stream = null;
        _response = null;
        _isReading = false;
        Total = 0;
        Failure = null;
        IsEnded = true;
    }

    /// <param name="stream">It.</param>
    /// <param name="response">Has the trailers at its end.</param>
    /// <param name="length">What Content-Length says; -1 where there is none.</param>
    /// <param name="trailers">Where trailer fields go.</param>
    /// <param name="maxTrailerBytes">The most bytes of trailer fields.</param>
    /// <param name="cancel">Ends reads under way, and the stream.</param>
    public void Begin(Stream stream, HttpResponseMessage response, long length, HeaderMap trailers, int maxTrailerBytes, CancellationToken cancel)
    {
        BeginEmpty();
        _stream = stream;
        _response = response;
        _hasLength = length >= 0;
        _remaining = length;
        _trailers = trailers;
        _maxTrailerBytes = maxTrailerBytes;
        _cancel = cancel;
        IsEnded = false;
    }

    /// <summary>Whether the message ended with its head. Asks for the first bytes, and waits for nothing.</summary>
    public bool IsEmpty()
    {
        StartRead();
        if (_isReading && !_reading.IsCompletedSuccessfully)
        {
            return false;
        }

        var count = _reading.Result;
        _reading = new ValueTask<int>(count);
        return count == 0 && !_hasLength && End().Status == BodyStatus.End;
    }

    public override async ValueTask<BodyRead> ReadAsync()
    {
        if (IsEnded)
        {
            return new BodyRead(BodyStatus.End);
        }

        int count;
        try
        {
            StartRead();
            count = await _reading;
        }
        catch (Exception e)
        {
            Failure = e;
            return new BodyRead(BodyStatus.Truncated);
        }
        finally
        {
            _isReading = false;
        }

        if (count == 0)
        {
            return End();
        }

        Total += count;
        _remaining -= count;
        if (_hasLength && _remaining < 0)
        {
            return new BodyRead(BodyStatus.Malformed);
        }

        return new BodyRead(BodyStatus.Data, new ReadOnlySequence<byte>(_buffer!, 0, count));
    }

    public override void Advance()
    {
        // Each read writes over the last.
    }

    /// <summary>Gives the buffer back, unless a read that nobody waits for may still write to it.</summary>
    public void Release()
    {
        if (_isReading && !_reading.IsCompleted)
        {
            _ = _reading.AsTask().ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }
        else if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = null;
        _isReading = false;
        _stream = null;
        _response = null;
    }

    private void StartRead()
    {
        if (_isReading)
        {
            return;
        }

        if (_buffer is null || (_buffer.Length < LaterReads && Total >= FirstRead))
        {
            if (_buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = ArrayPool<byte>.Shared.Rent(Total < FirstRead ? FirstRead : LaterReads);
        }

        _reading = _stream!.ReadAsync(_buffer, _cancel);
        _isReading = true;
    }

    private BodyRead End()
    {
        if (_hasLength && _remaining != 0)
        {
            // RFC 9113 §8.1.1: less than was announced is malformed. What was passed on must not look complete.
            return new BodyRead(BodyStatus.Truncated);
        }

        if (!TryTakeTrailers(_response!.TrailingHeaders))
        {
            return new BodyRead(BodyStatus.Malformed);
        }

        IsEnded = true;
        return new BodyRead(BodyStatus.End);
    }

    private bool TryTakeTrailers(HttpResponseHeaders headers) =>
        headers.NonValidated.Count == 0 || Http2Fields.TryTakeTrailers(headers.NonValidated, _trailers, _maxTrailerBytes);
}
