using System.Text;

namespace FilterProxy.TestKit;

/// <summary>
/// Lets a client of HTTP/1 text talk to an HTTP/2 server: requests written to it become streams, responses come back as HTTP/1. So a
/// scenario that is written in HTTP/1 runs over HTTP/2 unchanged. A stream that is reset looks like a connection that is.
/// </summary>
internal sealed class H2Bridge(H2Client client, string scheme) : Stream
{
    private static readonly string[] NotSent = ["host", "connection", "transfer-encoding", "keep-alive"];
    private readonly List<byte> _written = [];
    private readonly Queue<int> _streams = new();
    private readonly SemaphoreSlim _opened = new(0);
    private byte[] _out = [];
    private int _outAt;
    private int _sending;
    private long _left;
    private bool _chunked;
    private int _reading;
    private int _cursor;
    private bool _inBody, _chunkedOut, _toHead;
    private readonly Dictionary<int, bool> _heads = [];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _written.AddRange(buffer.Span);
        while (await StepAsync())
        {
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_outAt == _out.Length)
        {
            if (_reading == 0)
            {
                var opened = _opened.WaitAsync(cancellationToken);
                if (await Task.WhenAny(opened, client.Closed) != opened)
                {
                    return 0;
                }

                await opened;
                _reading = _streams.Dequeue();
                _toHead = _heads[_reading];
                _inBody = false;
                _cursor = 0;
            }

            var (frame, next) = await client.NextAsync(_reading, _cursor, cancellationToken);
            if (frame is null)
            {
                return 0;
            }

            _cursor = next;
            _out = Translate(frame);
            _outAt = 0;
        }

        var count = Math.Min(buffer.Length, _out.Length - _outAt);
        _out.AsMemory(_outAt, count).CopyTo(buffer);
        _outAt += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        _opened.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>Takes a head, or a piece of a body, off what was written. False when there is not enough.</summary>
    private async Task<bool> StepAsync()
    {
        if (_sending == 0)
        {
            return await OpenAsync();
        }

        if (_chunked)
        {
            return await SendChunkAsync();
        }

        var count = (int)Math.Min(_left, _written.Count);
        if (count == 0)
        {
            return false;
        }

        var piece = Take(count);
        _left -= count;
        var stream = _sending;
        _sending = _left == 0 ? 0 : _sending;
        await client.SendDataAsync(stream, piece, end: _left == 0);
        return true;
    }

    private async Task<bool> OpenAsync()
    {
        var text = Encoding.Latin1.GetString([.. _written]);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        Take(end + 4);
        var lines = text[..end].Split("\r\n");
        var parts = lines[0].Split(' ');
        var fields = lines.Skip(1).Select(UpstreamRequest.ParseField).ToList();
        var authority = fields.Find(f => f.Key.Equals("host", StringComparison.OrdinalIgnoreCase)).Value ?? "";
        _chunked = fields.Exists(f => f.Key.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase));
        _left = fields.Find(f => f.Key.Equals("content-length", StringComparison.OrdinalIgnoreCase)).Value is { } length ? long.Parse(length) : 0;
        var hasBody = _chunked || _left > 0;
        var stream = await client.OpenAsync(
            !hasBody,
            [
                (":method", parts[0]), (":scheme", scheme), (":path", parts[1]), (":authority", authority),
                .. fields.Select(f => (Name: f.Key.ToLowerInvariant(), f.Value)).Where(f => !NotSent.Contains(f.Name)),
            ]);
        _sending = hasBody ? stream : 0;
        _heads[stream] = parts[0] == "HEAD";
        _streams.Enqueue(stream);
        _opened.Release();
        return true;
    }

    private async Task<bool> SendChunkAsync()
    {
        var text = Encoding.Latin1.GetString([.. _written]);
        var line = text.IndexOf("\r\n", StringComparison.Ordinal);
        if (line < 0)
        {
            return false;
        }

        var size = Convert.ToInt32(text[..line], 16);
        if (size > 0)
        {
            if (_written.Count < line + 2 + size + 2)
            {
                return false;
            }

            await client.SendDataAsync(_sending, Take(line + 2 + size + 2).AsMemory(line + 2, size), end: false);
            return true;
        }

        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        var trailers = text[line..end].Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(UpstreamRequest.ParseField).ToList();
        Take(end + 4);
        var stream = _sending;
        _sending = 0;
        await client.SendAsync(trailers.Count == 0
            ? new H2Frame(H2FrameType.Data, H2Frame.EndStream, stream, [])
            : new H2Frame(H2FrameType.Headers, H2Frame.EndStream | H2Frame.EndHeaders, stream, Hpack.Encode(trailers.Select(t => (t.Key.ToLowerInvariant(), t.Value)))));
        return true;
    }

    private byte[] Take(int count)
    {
        var bytes = _written.GetRange(0, count).ToArray();
        _written.RemoveRange(0, count);
        return bytes;
    }

    private byte[] Translate(H2Frame frame)
    {
        var ends = frame.Ends;
        var text = new StringBuilder();
        byte[] data = [];
        switch (frame.Type)
        {
            case H2FrameType.RstStream when _reading == 0:
                return [];

            case H2FrameType.RstStream:
                throw new IOException($"The stream was reset with {frame.ErrorCode}.");

            case H2FrameType.Headers when !_inBody:
                BeginBody(Hpack.Decode(frame.Payload), ends, text);
                break;

            case H2FrameType.Headers:
                text.Append("0\r\n");
                WriteFields(Hpack.Decode(frame.Payload), text);
                break;

            case H2FrameType.Data:
                data = frame.Payload;
                break;
        }

        if (data.Length > 0 && _chunkedOut)
        {
            data = [.. Encoding.ASCII.GetBytes($"{data.Length:x}\r\n"), .. data, .. "\r\n"u8];
        }

        if (ends)
        {
            text.Append(frame.Type == H2FrameType.Data && _chunkedOut ? "0\r\n\r\n" : "");
            _reading = 0;
        }

        return frame.Type == H2FrameType.Data ? [.. data, .. Encoding.Latin1.GetBytes(text.ToString())] : Encoding.Latin1.GetBytes(text.ToString());
    }

    private void BeginBody(RawFields head, bool ends, StringBuilder text)
    {
        var status = int.Parse(head[":status"]!);
        _inBody = status >= 200;
        text.Append($"HTTP/1.1 {status} \r\n");
        var hasLength = head.Contains("content-length");
        _chunkedOut = _inBody && !hasLength && !ends;
        if (_chunkedOut)
        {
            text.Append("Transfer-Encoding: chunked\r\n");
        }
        else if (_inBody && !hasLength && !_toHead && status is not (204 or 304))
        {
            text.Append("Content-Length: 0\r\n");
        }

        WriteFields(new RawFields([.. head.Where(f => f.Key != ":status")]), text);
    }

    private static void WriteFields(RawFields fields, StringBuilder text)
    {
        foreach (var (name, value) in fields)
        {
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        text.Append("\r\n");
    }
}
