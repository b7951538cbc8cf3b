using System.Text;

namespace FilterProxy.TestKit;

/// <summary>The frames of one stream, as the HTTP/1 response of an <see cref="H2Bridge"/>.</summary>
/// <param name="stream">Its number.</param>
/// <param name="toHead">The request was HEAD.</param>
/// <param name="webSocketKey">The client's key, where the request asked for a WebSocket; null where not.</param>
internal sealed class H2BridgeReader(int stream, bool toHead, string? webSocketKey)
{
    private int _cursor;
    private int _unread;
    private bool _inBody, _chunked;

    /// <summary>Whether the response has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether its bytes are those of a WebSocket.</summary>
    public bool IsTunnel { get; private set; }

    /// <summary>Whether there is to be no WebSocket: HTTP goes on.</summary>
    public bool IsRefusedTunnel => webSocketKey is not null && _inBody && !IsTunnel;

    /// <summary>The next bytes, which may be none; null at the end of the connection, or of a WebSocket.</summary>
    public async Task<byte[]?> ReadAsync(H2Client client, CancellationToken cancel)
    {
        if (IsOver)
        {
            return null;
        }

        if (_unread > 0)
        {
            // Only now that the client has read the piece before.
            await client.TrySendAsync(H2Frame.Number(H2FrameType.WindowUpdate, stream, _unread));
            _unread = 0;
        }

        var (frame, next) = await client.NextAsync(stream, _cursor, cancel);
        if (frame is null)
        {
            return null;
        }

        _cursor = next;
        return Translate(frame);
    }

    private byte[] Translate(H2Frame frame)
    {
        switch (frame.Type)
        {
            case H2FrameType.RstStream:
                throw new IOException($"The stream was reset with {frame.ErrorCode}.");

            case H2FrameType.Headers when !_inBody:
                IsOver = frame.Ends;
                return Encoding.Latin1.GetBytes(BeginBody(Hpack.Decode(frame.Payload), frame.Ends));

            case H2FrameType.Headers:
                IsOver = true;
                return _chunked ? Encoding.Latin1.GetBytes("0\r\n" + Fields(Hpack.Decode(frame.Payload))) : [];

            case H2FrameType.Data:
                return TakeData(frame);

            default:
                return [];
        }
    }

    private byte[] TakeData(H2Frame frame)
    {
        var data = frame.Payload;
        _unread = frame.Ends ? 0 : data.Length;
        IsOver = frame.Ends;
        if (!_chunked)
        {
            return data;
        }

        byte[] chunk = data.Length == 0 ? [] : [.. Encoding.ASCII.GetBytes($"{data.Length:x}\r\n"), .. data, .. "\r\n"u8];
        return frame.Ends ? [.. chunk, .. "0\r\n\r\n"u8] : chunk;
    }

    private string BeginBody(RawFields head, bool ends)
    {
        var status = int.Parse(head[":status"]!);
        var fields = Fields(new RawFields([.. head.Where(f => f.Key != ":status")]));
        _inBody = status >= 200;
        IsTunnel = webSocketKey is not null && status is >= 200 and < 300;
        if (IsTunnel)
        {
            return $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {WebSocketKey.AcceptOf(webSocketKey)}\r\n{fields}";
        }

        var hasLength = head.Contains("content-length");
        _chunked = _inBody && !hasLength && !ends;
        var framing = _chunked ? "Transfer-Encoding: chunked\r\n"
            : _inBody && !hasLength && !toHead && status is not (204 or 304) ? "Content-Length: 0\r\n"
            : "";
        return $"HTTP/1.1 {status} \r\n{framing}{fields}";
    }

    private static string Fields(RawFields fields) => string.Concat(fields.Select(f => $"{f.Key}: {f.Value}\r\n")) + "\r\n";
}
