using System.Buffers.Text;
using System.Security.Cryptography;

namespace FilterProxy.Core.Upstream;

/// <summary>A WebSocket's opening between HTTP/1's Upgrade (RFC 6455 §4) and HTTP/2's extended CONNECT (RFC 8441 §5).</summary>
internal static class WebSocketSwitch
{
    private const int MaxKey = 128;

    /// <summary>Whether a request that may switch protocols asks for a WebSocket.</summary>
    public static bool IsAsked(RequestHead head) =>
        head.Headers.TryGet(KnownHeader.Upgrade, out var protocol) && HeaderName.Equals(protocol, "websocket"u8);

    /// <summary>Makes the answer to extended CONNECT, any 2xx, the answer to the Upgrade it stands for.</summary>
    public static void Accept(RequestHead request, ResponseHead response)
    {
        response.StatusCode = 101;
        response.Headers.Remove(KnownHeader.ContentLength);
        response.Headers.Remove(KnownHeader.TransferEncoding);
        response.Headers.Set(KnownHeader.Upgrade, "websocket"u8);
        if (!request.Headers.TryGet("sec-websocket-key"u8, out var key) || key.Length > MaxKey)
        {
            return;
        }

        // RFC 6455 §4.2.2: proof that the key was read. The upstream cannot give it, having seen none.
        Span<byte> text = stackalloc byte[MaxKey + 36];
        key.CopyTo(text);
        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8.CopyTo(text[key.Length..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // What the protocol says; it protects nothing.
        SHA1.HashData(text[..(key.Length + 36)], hash);
#pragma warning restore CA5350
        Span<byte> accept = stackalloc byte[Base64.GetMaxEncodedToUtf8Length(hash.Length)];
        Base64.EncodeToUtf8(hash, accept, out _, out var written);
        response.Headers.Set("sec-websocket-accept"u8, accept[..written]);
    }
}
