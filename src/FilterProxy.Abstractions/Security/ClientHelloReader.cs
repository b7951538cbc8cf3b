using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Text;

namespace FilterProxy;

/// <summary>
/// Reads what a certificate is chosen by out of a ClientHello (RFC 8446 §4.1.2) before the TLS library sees it. It does not judge the
/// rest: that is the library's work, which reads the same bytes again.
/// </summary>
internal static class ClientHelloReader
{
    private const int RecordHeader = 5;
    private const int HandshakeHeader = 4;
    private const int LargestRecord = 1 << 14;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const ushort ServerNameExtension = 0;
    private const ushort ProtocolsExtension = 16;
    private const ushort EncryptedHelloExtension = 0xfe0d;
    private const int MostRecords = 32;

    /// <summary>Looks at everything received so far; consumes nothing.</summary>
    /// <param name="received">From the first byte of the connection on.</param>
    /// <param name="hello">What it says, when it is complete.</param>
    /// <param name="maxSize">The most bytes of the message.</param>
    /// <param name="fingerprint">Whether its fingerprint is wanted.</param>
    public static ClientHelloStatus Read(
        in ReadOnlySequence<byte> received, out TlsClientHello? hello, int maxSize = TlsClientHello.LargestSize, bool fingerprint = false)
    {
        hello = null;
        if (received.IsEmpty)
        {
            return ClientHelloStatus.NeedMore;
        }

        Span<byte> start = stackalloc byte[RecordHeader];
        start = start[..(int)Math.Min(received.Length, RecordHeader)];
        received.Slice(0, start.Length).CopyTo(start);
        if (start[0] != HandshakeRecord || (start.Length > 1 && start[1] != 3))
        {
            return start[0] == HandshakeRecord ? ClientHelloStatus.NotTls : Other(start);
        }

        var bytes = received.IsSingleSegment ? received.FirstSpan : received.ToArray();
        var status = Gather(bytes, maxSize, out var message);
        return status == ClientHelloStatus.Complete && !TryParse(message, fingerprint, out hello) ? ClientHelloStatus.Malformed : status;
    }

    private static ClientHelloStatus Other(ReadOnlySpan<byte> start)
    {
        // A method in capitals, then a space: "PUT /" is the shortest start that says so, "GET" alone could still be anything.
        if (start.ContainsAnyExceptInRange((byte)'A', (byte)'Z') && !IsMethod(start))
        {
            return ClientHelloStatus.NotTls;
        }

        return start.Length < RecordHeader ? ClientHelloStatus.NeedMore : ClientHelloStatus.PlainHttp;
    }

    private static bool IsMethod(ReadOnlySpan<byte> start)
    {
        var letters = start.IndexOfAnyExceptInRange((byte)'A', (byte)'Z');
        return letters >= 3 && start[letters] == (byte)' ';
    }

    /// <summary>The handshake message, put together where it is spread over records.</summary>
    private static ClientHelloStatus Gather(ReadOnlySpan<byte> bytes, int maxSize, out ReadOnlySpan<byte> message)
    {
        message = default;
        byte[] joined = [];
        for (var records = 0; records < MostRecords; records++)
        {
            if (bytes.Length < RecordHeader)
            {
                return ClientHelloStatus.NeedMore;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (bytes[0] != HandshakeRecord || bytes[1] != 3 || length is 0 or > LargestRecord)
            {
                return ClientHelloStatus.Malformed;
            }

            var content = bytes.Slice(RecordHeader, Math.Min(length, bytes.Length - RecordHeader));
            joined = joined.Length == 0 && records == 0 ? joined : [.. joined, .. content];
            var soFar = joined.Length == 0 ? content : joined;
            if (!soFar.IsEmpty && soFar[0] != ClientHelloMessage)
            {
                return ClientHelloStatus.Malformed;
            }

            if (soFar.Length >= HandshakeHeader)
            {
                var total = HandshakeHeader + ((soFar[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(soFar[2..]));
                if (total > maxSize)
                {
                    return ClientHelloStatus.Malformed;
                }

                if (soFar.Length >= total)
                {
                    message = soFar[HandshakeHeader..total];
                    return ClientHelloStatus.Complete;
                }
            }

            if (bytes.Length < RecordHeader + length)
            {
                return ClientHelloStatus.NeedMore;
            }

            joined = records == 0 ? soFar.ToArray() : joined;
            bytes = bytes[(RecordHeader + length)..];
        }

        return ClientHelloStatus.Malformed;
    }

    private static bool TryParse(ReadOnlySpan<byte> body, bool fingerprint, out TlsClientHello? hello)
    {
        hello = null;
        var rest = body;

        // legacy_version, random; then session id, cipher suites and compression methods, each with its length.
        if (!TryTake(ref rest, 2, out var version) || !TryTake(ref rest, 32, out _) || !TryTakeVector8(ref rest, out _)
            || !TryTakeVector16(ref rest, out var suites) || !TryTakeVector8(ref rest, out _))
        {
            return false;
        }

        var name = "";
        var encrypted = false;
        var marks = fingerprint ? new ClientHelloMarks(BinaryPrimitives.ReadUInt16BigEndian(version), suites) : null;
        IReadOnlyList<SslApplicationProtocol> protocols = [];
        if (!rest.IsEmpty)
        {
            if (!TryTakeVector16(ref rest, out var extensions))
            {
                return false;
            }

            while (!extensions.IsEmpty)
            {
                if (!TryTake(ref extensions, 2, out var type) || !TryTakeVector16(ref extensions, out var data))
                {
                    return false;
                }

                var known = BinaryPrimitives.ReadUInt16BigEndian(type);
                if ((known == ServerNameExtension && !TryReadName(data, out name)) || (known == ProtocolsExtension && !TryReadProtocols(data, out protocols)))
                {
                    return false;
                }

                encrypted |= known == EncryptedHelloExtension;
                marks?.Add(known, data);
            }
        }

        hello = new TlsClientHello(name, protocols) { HasEncryptedHello = encrypted, Fingerprint = marks?.ToString() };
        return true;
    }

    // RFC 6066 §3: a list with one host name, without the dot at its end.
    private static bool TryReadName(ReadOnlySpan<byte> data, out string name)
    {
        name = "";
        if (!TryTakeVector16(ref data, out var list))
        {
            return false;
        }

        while (!list.IsEmpty)
        {
            if (!TryTake(ref list, 1, out var type) || !TryTakeVector16(ref list, out var value))
            {
                return false;
            }

            if (type[0] == 0)
            {
                if (value.IsEmpty || value.Length > 255 || value.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
                {
                    return false;
                }

                name = Encoding.ASCII.GetString(value[^1] == (byte)'.' ? value[..^1] : value);
                return true;
            }
        }

        return true;
    }

    // RFC 7301 §3.1.
    private static bool TryReadProtocols(ReadOnlySpan<byte> data, out IReadOnlyList<SslApplicationProtocol> protocols)
    {
        protocols = [];
        if (!TryTakeVector16(ref data, out var list))
        {
            return false;
        }

        var read = new List<SslApplicationProtocol>(3);
        while (!list.IsEmpty)
        {
            if (!TryTakeVector8(ref list, out var name) || name.IsEmpty)
            {
                return false;
            }

            read.Add(name.SequenceEqual("h2"u8) ? SslApplicationProtocol.Http2
                : name.SequenceEqual("http/1.1"u8) ? SslApplicationProtocol.Http11
                : new SslApplicationProtocol(name.ToArray()));
        }

        protocols = read;
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> from, int length, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (from.Length < length)
        {
            return false;
        }

        taken = from[..length];
        from = from[length..];
        return true;
    }

    private static bool TryTakeVector8(ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        return TryTake(ref from, 1, out var length) && TryTake(ref from, length[0], out taken);
    }

    private static bool TryTakeVector16(ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        return TryTake(ref from, 2, out var length) && TryTake(ref from, BinaryPrimitives.ReadUInt16BigEndian(length), out taken);
    }
}
