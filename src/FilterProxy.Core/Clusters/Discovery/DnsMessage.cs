using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace FilterProxy.Core.Clusters.Discovery;

/// <summary>Questions and answers of the domain name system as they are on the wire (RFC 1035 section 4). Answers are not trusted to be well-formed.</summary>
internal static class DnsMessage
{
    private const int HeaderLength = 12;
    private const int MostJumps = 32;

    /// <summary>A question that wants recursion.</summary>
    public static byte[] Ask(ushort id, string name, DnsType type)
    {
        var message = new List<byte>(64) { (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
        foreach (var label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > 63)
            {
                throw new DnsException($"'{name}' is no name");
            }

            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }

        message.AddRange([0, (byte)((ushort)type >> 8), (byte)type, 0, 1]);
        return [.. message];
    }

    /// <summary>Whether an answer was cut and must be asked for again over TCP.</summary>
    public static bool IsTruncated(ReadOnlySpan<byte> message) => message.Length >= HeaderLength && (message[2] & 2) != 0;

    /// <summary>Whether a message answers a question: its number, and the question itself.</summary>
    public static bool Answers(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question) =>
        message.Length >= question.Length && (message[2] & 0x80) != 0 && message[..2].SequenceEqual(question[..2])
        && Ascii.EqualsIgnoreCase(message[HeaderLength..question.Length], question[HeaderLength..]);

    /// <summary>The records of a type in an answer.</summary>
    /// <param name="message">As it came.</param>
    /// <param name="questionLength">The length of the question it repeats.</param>
    /// <param name="type">The type.</param>
    /// <exception cref="DnsException">The server refuses, or the message cannot be read.</exception>
    public static List<DnsRecord> Read(ReadOnlySpan<byte> message, int questionLength, DnsType type)
    {
        if (message.Length < HeaderLength)
        {
            throw new DnsException("the answer is too short");
        }

        if ((message[3] & 15) is not 0 and var code)
        {
            throw new DnsException(code switch { 2 => "the server failed", 3 => "there is no such name", 5 => "the server refused", _ => $"error {code}" });
        }

        var records = new List<DnsRecord>();
        var at = questionLength;
        for (var left = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); left > 0; left--)
        {
            SkipName(message, ref at);
            var fixedPart = Slice(message, at, 10);
            var found = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(fixedPart);
            var ttl = BinaryPrimitives.ReadUInt32BigEndian(fixedPart[4..]);
            var length = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[8..]);
            at += 10;
            var data = Slice(message, at, length);
            if (found == type)
            {
                records.Add(ReadRecord(message, at, data, type, ttl));
            }

            at += length;
        }

        return records;
    }

    private static DnsRecord ReadRecord(ReadOnlySpan<byte> message, int at, ReadOnlySpan<byte> data, DnsType type, uint ttl)
    {
        if (type != DnsType.Srv)
        {
            return data.Length == (type == DnsType.A ? 4 : 16)
                ? new DnsRecord(type, ttl) { Address = new IPAddress(data) }
                : throw new DnsException("an address has the wrong length");
        }

        var srv = Slice(data, 0, 6);
        return new DnsRecord(type, ttl)
        {
            Priority = BinaryPrimitives.ReadUInt16BigEndian(srv),
            Weight = BinaryPrimitives.ReadUInt16BigEndian(srv[2..]),
            Port = BinaryPrimitives.ReadUInt16BigEndian(srv[4..]),
            Target = ReadName(message, at + 6),
        };
    }

    private static void SkipName(ReadOnlySpan<byte> message, ref int at)
    {
        while (true)
        {
            var length = Slice(message, at, 1)[0];
            at += length >= 0xC0 ? 2 : length + 1;
            if (length is 0 or >= 0xC0)
            {
                return;
            }
        }
    }

    private static string ReadName(ReadOnlySpan<byte> message, int at)
    {
        var name = new StringBuilder();
        for (var jumps = 0; jumps < MostJumps;)
        {
            var length = Slice(message, at, 1)[0];
            if (length == 0)
            {
                return name.ToString();
            }

            if (length >= 0xC0)
            {
                at = BinaryPrimitives.ReadUInt16BigEndian(Slice(message, at, 2)) & 0x3FFF;
                jumps++;
                continue;
            }

            name.Append(name.Length == 0 ? "" : ".").Append(Encoding.ASCII.GetString(Slice(message, at + 1, length)));
            at += length + 1;
        }

        throw new DnsException("a name in the answer leads in circles");
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> message, int at, int length) =>
        at >= 0 && length <= message.Length - at ? message.Slice(at, length) : throw new DnsException("the answer ends in the middle");
}
