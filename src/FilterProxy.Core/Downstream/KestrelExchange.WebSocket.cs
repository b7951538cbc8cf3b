using System.Buffers.Text;
using System.Security.Cryptography;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// Extended CONNECT (RFC 8441): what HTTP/1 calls an Upgrade. Inside it is one, a GET with Upgrade, so that routes, filters and HTTP/1
/// upstreams need not know how the client asked.
/// </summary>
internal sealed partial class KestrelExchange
{
    private readonly byte[] _webSocketKey = new byte[24];
    private bool _isWebSocket;

    /// <summary>Makes an Upgrade of an extended CONNECT. False when it is none.</summary>
    private bool TryMakeUpgrade()
    {
        _isWebSocket = false;
        if (_stream.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true, Protocol: { Length: > 0 } protocol })
        {
            return false;
        }

        Request.SetMethod("GET"u8);
        Request.Headers.Set("Upgrade", protocol);
        Request.Headers.Remove(KnownHeader.ContentLength);
        Request.Headers.Remove(KnownHeader.Expect);
        if (protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            // RFC 8441 §5: HTTP/2 needs no key, HTTP/1 does (RFC 6455 §4.1).
            _isWebSocket = true;
            Span<byte> random = stackalloc byte[16];
            Random.Shared.NextBytes(random);
            Base64.EncodeToUtf8(random, _webSocketKey, out _, out _);
            Request.Headers.Set("Sec-WebSocket-Key"u8, _webSocketKey);
        }

        _framing = RequestFraming = default;
        IsUpgrade = true;
        return true;
    }

    /// <summary>Relays bytes between the stream and an upstream that has switched protocols.</summary>
    private async ValueTask RelayAsync()
    {
        if (_isWebSocket && !IsAcceptedByRule())
        {
            await FailAsync(ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "bad_websocket_accept"));
            return;
        }

        Response.Headers.Remove("Sec-WebSocket-Accept"u8);
        Response.StatusCode = 200;
        WriteHead(null);
        Stream stream;
        try
        {
            stream = await Feature<IHttpExtendedConnectFeature>().AcceptAsync();
        }
        catch (Exception e) when (IsEnded(e))
        {
            LoseClient();
            return;
        }

        await using var client = new StreamConnection(stream, null, null);
        BeginRelay();
        var result = await Relay.RunAsync(client.Transport, Upstream.Switched, AwaitRelay, () =>
        {
            Upstream.Abort();
            Cut();
        });
        EndRelay();
        Stats.RequestBodyBytes += result.ToUpstream;
        Stats.ResponseBodyBytes += result.ToDownstream;
    }

    // RFC 6455 §4.1: the client must fail the connection otherwise, and here that client is us.
    private bool IsAcceptedByRule()
    {
        Span<byte> text = stackalloc byte[_webSocketKey.Length + 36];
        _webSocketKey.CopyTo(text);
        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8.CopyTo(text[_webSocketKey.Length..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The protocol's, and no secret hangs on it.
        SHA1.HashData(text, hash);
#pragma warning restore CA5350
        Span<byte> expected = stackalloc byte[28];
        Base64.EncodeToUtf8(hash, expected, out _, out _);
        return Response.Headers.TryGet("Sec-WebSocket-Accept"u8, out var accept) && accept.SequenceEqual(expected);
    }
}
