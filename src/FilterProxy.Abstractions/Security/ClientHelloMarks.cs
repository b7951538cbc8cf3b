using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy;

/// <summary>
/// What a TLS library is known by in its ClientHello, as JA4 writes it: version, whether there is a name, how many suites and extensions,
/// the first protocol, and digests of suites and extensions in sorted order. Values of RFC 8701 (GREASE) are left out.
/// </summary>
internal sealed class ClientHelloMarks
{
    private const int Digits = 12;
    private const ushort ServerName = 0, Signatures = 13, Protocols = 16, Versions = 43;
    private readonly List<ushort> _suites = [];
    private readonly List<ushort> _extensions = [];
    private readonly List<ushort> _signatures = [];
    private ushort _version;
    private byte[] _protocol = [];

    public ClientHelloMarks(ushort version, ReadOnlySpan<byte> suites)
    {
        _version = version;
        Collect(suites, _suites);
    }

    /// <summary>Takes an extension into account.</summary>
    public void Add(ushort type, ReadOnlySpan<byte> data)
    {
        if (IsGrease(type))
        {
            return;
        }

        _extensions.Add(type);
        switch (type)
        {
            case Signatures when data.Length >= 2:
                Collect(data[2..], _signatures);
                break;

            case Protocols when data.Length > 3 && data.Length >= 3 + data[2]:
                _protocol = data.Slice(3, data[2]).ToArray();
                break;

            case Versions when data.Length >= 1:
                var versions = new List<ushort>();
                Collect(data[1..], versions);
                _version = versions.Count > 0 ? versions.Max() : _version;
                break;
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder(36).Append('t').Append(_version switch
        {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            _ => "00",
        });
        text.Append(_extensions.Contains(ServerName) ? 'd' : 'i');
        text.Append(Math.Min(99, _suites.Count).ToString("00", null)).Append(Math.Min(99, _extensions.Count).ToString("00", null));
        text.Append(Ends(_protocol)).Append('_').Append(Digest(Join(_suites.Order()))).Append('_');
        var extensions = Join(_extensions.Where(type => type is not (ServerName or Protocols)).Order());
        return text.Append(Digest(_signatures.Count == 0 ? extensions : $"{extensions}_{Join(_signatures)}")).ToString();
    }

    private static void Collect(ReadOnlySpan<byte> values, List<ushort> into)
    {
        for (; values.Length >= 2; values = values[2..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(values) is var value && !IsGrease(value))
            {
                into.Add(value);
            }
        }
    }

    private static bool IsGrease(ushort value) => (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);

    // The first and the last character of the protocol, or of its hexadecimal form where they are neither letters nor digits.
    private static string Ends(byte[] protocol)
    {
        if (protocol.Length == 0)
        {
            return "00";
        }

        var hex = Convert.ToHexStringLower(protocol);
        return char.IsAsciiLetterOrDigit((char)protocol[0]) && char.IsAsciiLetterOrDigit((char)protocol[^1])
            ? $"{(char)protocol[0]}{(char)protocol[^1]}"
            : $"{hex[0]}{hex[^1]}";
    }

    private static string Join(IEnumerable<ushort> values) => string.Join(',', values.Select(value => value.ToString("x4", null)));

    private static string Digest(string text) =>
        text.Length == 0 ? new string('0', Digits) : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))[..Digits];
}
