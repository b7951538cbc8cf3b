using System.Net;

namespace FilterProxy;

/// <summary>
/// What a proxy in front said of a connection in its PROXY protocol header. A connection filter that reads one leaves it in the
/// connection's <c>Features</c>; exchanges have it as <see cref="DownstreamInfo.ProxyProtocol"/>. Immutable.
/// </summary>
public sealed class ProxyProtocolHeader
{
    /// <summary>1 or 2.</summary>
    public required int Version { get; init; }

    /// <summary>Whether the sender speaks for itself (LOCAL, e.g. its health check): there is no client behind it.</summary>
    public bool IsLocal { get; init; }

    /// <summary>The client; null where the header does not tell (LOCAL, UNKNOWN, a unix socket without a name).</summary>
    public EndPoint? Source { get; init; }

    /// <summary>What the client connected to; null where the header does not tell.</summary>
    public EndPoint? Destination { get; init; }

    /// <summary>The proxy that sent the header: the other end of the TCP connection.</summary>
    public EndPoint? Sender { get; init; }

    /// <summary>All TLVs in the order they were sent, those named below included.</summary>
    public IReadOnlyList<ProxyProtocolTlv> Tlvs { get; init; } = [];

    /// <summary>The protocol agreed on by ALPN (TLV 0x01); empty for none.</summary>
    public string Alpn { get; init; } = "";

    /// <summary>The host name the client asked for, e.g. by SNI (TLV 0x02); empty for none. The client's word: not to be trusted.</summary>
    public string Authority { get; init; } = "";

    /// <summary>The sender's own identifier of the connection (TLV 0x05), at most 128 bytes; empty for none.</summary>
    public ReadOnlyMemory<byte> UniqueId { get; init; }

    /// <summary>TLS between the client and the sender (TLV 0x20); null where it says nothing of it.</summary>
    public ProxyProtocolTls? Tls { get; init; }

    /// <summary>The first TLV of a type.</summary>
    public bool TryGetTlv(byte type, out ReadOnlyMemory<byte> value)
    {
        foreach (var tlv in Tlvs)
        {
            if (tlv.Type == type)
            {
                value = tlv.Value;
                return true;
            }
        }

        value = default;
        return false;
    }
}
