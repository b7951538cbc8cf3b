using System.Net.Security;
using System.Text;

namespace FilterProxy.TestKit;

/// <summary>Makes ClientHellos as bytes, for what no TLS library would send.</summary>
public static class ClientHello
{
    /// <summary>A hello of TLS 1.2 and 1.3 in one record.</summary>
    /// <param name="serverName">SNI; null for none.</param>
    /// <param name="protocols">ALPN; none for no extension.</param>
    public static byte[] Make(string? serverName, params string[] protocols) => Record(Message(serverName, protocols));

    /// <summary>The handshake message without its record.</summary>
    public static byte[] Message(string? serverName, params string[] protocols)
    {
        var extensions = new List<byte>();
        if (serverName is not null)
        {
            var name = Encoding.Latin1.GetBytes(serverName);
            Add(extensions, 0, Vector16([0, .. Vector16(name)]));
        }

        if (protocols.Length > 0)
        {
            Add(extensions, 16, Vector16([.. protocols.SelectMany(p => Vector8(Encoding.Latin1.GetBytes(p)))]));
        }

        Add(extensions, 43, [4, 3, 4, 3, 3]);
        Add(extensions, 10, Vector16([0, 29, 0, 23]));
        Add(extensions, 13, Vector16([4, 3, 8, 4, 4, 1]));
        Add(extensions, 51, Vector16([0, 29, .. Vector16([9, .. new byte[31]])]));
        byte[] body =
        [
            3, 3, .. new byte[32], 0,
            .. Vector16([0x13, 0x01, 0x13, 0x02, 0xc0, 0x2b, 0xc0, 0x2f]),
            1, 0,
            .. Vector16([.. extensions]),
        ];
        return [1, (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body];
    }

    /// <summary>A handshake record.</summary>
    public static byte[] Record(ReadOnlySpan<byte> content) => [22, 3, 1, (byte)(content.Length >> 8), (byte)content.Length, .. content];

    /// <summary>One of the protocols by its name.</summary>
    public static SslApplicationProtocol Protocol(string name) => new(name);

    private static void Add(List<byte> extensions, int type, byte[] data) => extensions.AddRange([(byte)(type >> 8), (byte)type, .. Vector16(data)]);

    private static byte[] Vector8(byte[] content) => [(byte)content.Length, .. content];

    private static byte[] Vector16(byte[] content) => [(byte)(content.Length >> 8), (byte)content.Length, .. content];
}
