using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.TestKit;

/// <summary>What shows that a server has understood a WebSocket's request (RFC 6455 §4.2.2).</summary>
public static class WebSocketKey
{
    /// <summary>The Sec-WebSocket-Accept for a Sec-WebSocket-Key.</summary>
    public static string AcceptOf(string? key)
    {
#pragma warning disable CA5350 // The protocol's.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
    }
}
