using System.Text;
using System.Threading.Channels;

namespace FilterProxy.TestKit;

/// <summary>
/// Lets a client of HTTP/1 text talk to an HTTP/2 server: requests written to it become streams, responses come back as HTTP/1. So a
/// scenario that is written in HTTP/1 runs over HTTP/2 unchanged. A stream that is reset looks like a connection that is, and the
/// Upgrade of a WebSocket is extended CONNECT (RFC 8441).
/// </summary>
internal sealed class H2Bridge(H2Client client, string scheme) : Stream
{
    /// <summary>Bytes of a response that may be on their way before the client reads them.</summary>
    public const int Window = 64 * 1024;

    // RFC 9113 §8.2.2: fields of a connection are none of HTTP/2. RFC 8441 §5: neither is the key of a WebSocket.
    private static readonly string[] NotSent =
        ["host", "connection", "transfer-encoding", "keep-alive", "proxy-connection", "upgrade", "http2-settings"];

    private readonly List<byte> _written = [];
    private readonly Channel<H2BridgeReader> _opened = Channel.CreateUnbounded<H2BridgeReader>();
    private byte[] _out = [];
    private int _outAt;
    private H2BridgeReader? _reading;

    // What is being sent: a body of a length, in chunks, or what has no end.
    private volatile int _sending;
    private long _left;
    private bool _chunked, _tunnel;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>What is written next begins a request, whatever the last one's body lacks.</summary>
    public void LeaveBody()
    {
        _sending = 0;
        _written.Clear();
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
            if (_reading is null)
            {
                var opened = _opened.Reader.WaitToReadAsync(cancellationToken).AsTask();
                if (await Task.WhenAny(opened, client.Closed) != opened || !await opened || !_opened.Reader.TryRead(out _reading))
                {
                    return 0;
                }
            }

            var reader = _reading;
            if (await reader.ReadAsync(client, cancellationToken) is not { } piece)
            {
                return 0;
            }

            (_out, _outAt) = (piece, 0);
            if (reader.IsRefusedTunnel)
            {
                LeaveBody();
            }

            // A WebSocket's end is that of what can be read.
            _reading = reader is { IsOver: true, IsTunnel: false } ? null : reader;
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

    protected override void Dispose(bool disposing)
    {
        client.Abort();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
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

        var count = _tunnel ? _written.Count : (int)Math.Min(_left, _written.Count);
        if (count == 0)
        {
            return false;
        }

        var piece = Take(count);
        _left -= count;
        var stream = _sending;
        var ended = !_tunnel && _left == 0;
        _sending = ended ? 0 : _sending;
        await client.SendDataAsync(stream, piece, ended);
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
        var fields = new RawFields([.. lines.Skip(1).Select(UpstreamRequest.ParseField)]);
        var key = fields["sec-websocket-key"] ?? "";
        _tunnel = fields["upgrade"] == "websocket";
        _chunked = fields.Contains("transfer-encoding");
        _left = fields["content-length"] is { } length ? long.Parse(length) : 0;
        var hasBody = _tunnel || _chunked || _left > 0;
        var stream = await client.OpenAsync(
            !hasBody,
            [
                .. Pseudo(parts[0], parts[1], fields["host"] ?? ""),
                .. fields.Select(f => (Name: f.Key.ToLowerInvariant(), f.Value)).Where(f => !NotSent.Contains(f.Name) && !(_tunnel && f.Name == "sec-websocket-key")),
            ]);
        _sending = hasBody ? stream : 0;
        await _opened.Writer.WriteAsync(new H2BridgeReader(stream, parts[0] == "HEAD", _tunnel ? key : null));
        return true;
    }

    private (string, string)[] Pseudo(string method, string target, string host)
    {
        // RFC 9113 §8.3.1: an absolute target names the authority.
        if (target.IndexOf("://", StringComparison.Ordinal) is > 0 and var mark && method != "CONNECT")
        {
            var path = target.IndexOf('/', mark + 3);
            (host, target) = path < 0 ? (target[(mark + 3)..], "/") : (target[(mark + 3)..path], target[path..]);
        }

        return _tunnel ? [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", scheme), (":path", target), (":authority", host)]
            : method == "CONNECT" ? [(":method", method), (":authority", target)]
            : [(":method", method), (":scheme", scheme), (":path", target), (":authority", host)];
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
        if (trailers.Count == 0)
        {
            await client.SendDataAsync(stream, default, end: true);
        }
        else
        {
            await client.SendAsync(new H2Frame(
                H2FrameType.Headers, H2Frame.EndStream | H2Frame.EndHeaders, stream, Hpack.Encode(trailers.Select(t => (t.Key.ToLowerInvariant(), t.Value)))));
        }

        return true;
    }

    private byte[] Take(int count)
    {
        var bytes = _written.GetRange(0, count).ToArray();
        _written.RemoveRange(0, count);
        return bytes;
    }
}
