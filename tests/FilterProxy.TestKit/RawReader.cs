using System.Text;

namespace FilterProxy.TestKit;

/// <summary>Buffered reads of a stream with a deadline; what was received is kept for the message of a failure.</summary>
internal sealed class RawReader(Stream stream)
{
    private const int MaxLine = 1 << 20;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start, _end;

    /// <summary>Everything read from the stream so far.</summary>
    public MemoryStream Received { get; } = new();

    /// <summary>How long one operation may take.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the stream ended by a reset rather than an orderly close.</summary>
    public bool WasReset { get; private set; }

    /// <summary>The next byte, or -1 at the end.</summary>
    public async ValueTask<int> ReadByteAsync(CancellationToken cancel) =>
        _start < _end || await FillAsync(cancel) ? _buffer[_start++] : -1;

    /// <summary>A line without its CRLF, which must be one; null at the end of the stream before its first byte.</summary>
    public async ValueTask<string?> ReadLineAsync(CancellationToken cancel)
    {
        var line = new StringBuilder();
        while (line.Length < MaxLine)
        {
            switch (await ReadByteAsync(cancel))
            {
                case -1 when line.Length == 0:
                    return null;
                case -1:
                    throw Malformed("the stream ended inside a line");
                case '\n':
                    throw Malformed("a line ends with LF alone (RFC 9112 §2.2)");
                case '\r':
                    return await ReadByteAsync(cancel) == '\n' ? line.ToString() : throw Malformed("CR without LF (RFC 9112 §2.2)");
                case var b:
                    line.Append((char)b);
                    break;
            }
        }

        throw Malformed("a line of more than 1 MiB");
    }

    /// <summary>Exactly that many bytes.</summary>
    public async ValueTask<byte[]> ReadExactlyAsync(long count, CancellationToken cancel)
    {
        var bytes = new byte[count];
        var done = 0;
        while (done < count)
        {
            if (_start == _end && !await FillAsync(cancel))
            {
                throw Malformed($"the stream ended after {done} of {count} bytes");
            }

            var take = (int)Math.Min(count - done, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(done));
            _start += take;
            done += take;
        }

        return bytes;
    }

    /// <summary>Everything up to the end of the stream.</summary>
    public async ValueTask<byte[]> ReadToEndAsync(CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        do
        {
            bytes.Write(_buffer, _start, _end - _start);
            _start = _end;
        }
        while (await FillAsync(cancel));

        return bytes.ToArray();
    }

    /// <summary>Runs a read with the deadline; it fails with what was received.</summary>
    public async Task<T> WithDeadlineAsync<T>(string what, Func<CancellationToken, ValueTask<T>> read)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            return await read(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"No {what} within {Deadline.TotalSeconds:0.#} s. Received: {Describe()}");
        }
    }

    public RawFormatException Malformed(string what) => new($"Malformed: {what}. Received: {Describe()}");

    private async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        try
        {
            _start = 0;
            _end = 0;
            _end = await stream.ReadAsync(_buffer, cancel);
        }
        catch (IOException)
        {
            // A reset, as far as reading goes: the end. Tests that care ask WasReset.
            WasReset = true;
        }

        Received.Write(_buffer, 0, _end);
        return _end > 0;
    }

    private string Describe()
    {
        var bytes = Received.ToArray();
        var text = Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, 4096));
        return $"{bytes.Length} bytes{(WasReset ? ", then a reset" : "")}: \"{text.Replace("\r", "\\r").Replace("\n", "\\n\n")}\"";
    }
}
