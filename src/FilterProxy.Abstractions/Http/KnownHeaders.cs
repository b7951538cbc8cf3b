using System.Text;

namespace FilterProxy;

/// <summary>Spelling and classification of <see cref="KnownHeader"/> names.</summary>
public static class KnownHeaders
{
    private static readonly byte[][] Names = BuildNames();
    private static readonly byte[][] LowerNames = [.. Names.Select(n => Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(n).ToLowerInvariant()))];
    private static readonly byte[] Buckets = new byte[256];
    private static readonly byte[] Next = BuildChains();

    /// <summary>How many members there are, <see cref="KnownHeader.Unknown"/> included.</summary>
    public static int Count => Names.Length;

    /// <summary>The canonical spelling, e.g. <c>Content-Length</c>.</summary>
    public static ReadOnlySpan<byte> GetName(KnownHeader header) => Names[(int)header];

    /// <summary>Classifies a name in any case. <see cref="KnownHeader.Unknown"/> when it is none of them.</summary>
    public static KnownHeader Find(ReadOnlySpan<byte> name)
    {
        if (name.Length < 2)
        {
            return KnownHeader.Unknown;
        }

        for (var candidate = Buckets[Hash(name)]; candidate != 0; candidate = Next[candidate])
        {
            var lower = LowerNames[candidate];
            if (lower.Length == name.Length && HeaderName.EqualsLower(name, lower))
            {
                return (KnownHeader)candidate;
            }
        }

        return KnownHeader.Unknown;
    }

    internal static ulong Bit(KnownHeader header) => 1UL << (int)header;

    private static int Hash(ReadOnlySpan<byte> name)
    {
        int first = name[0] | 0x20, middle = name[name.Length >> 1] | 0x20, last = name[^1] | 0x20;
        return ((first * 31) + (middle * 7) + last + (name.Length * 89)) & 0xFF;
    }

    private static byte[][] BuildNames()
    {
        var members = Enum.GetNames<KnownHeader>();
        if (members.Length > 64)
        {
            throw new InvalidOperationException("KnownHeader has more than 63 names: the presence mask is 64 bits wide.");
        }

        return [.. members.Select((member, i) => i == 0 ? [] : Encoding.ASCII.GetBytes(Spell(member)))];
    }

    // "ContentLength" is Content-Length; runs of capitals and names without a hyphen are the exceptions.
    private static string Spell(string member) => member switch
    {
        "TE" => "TE",
        "ETag" => "ETag",
        "WWWAuthenticate" => "WWW-Authenticate",
        "XRealIP" => "X-Real-IP",
        "TraceParent" => "traceparent",
        "TraceState" => "tracestate",
        _ => string.Concat(member.Select((c, i) => i > 0 && char.IsUpper(c) ? "-" + c : c.ToString())),
    };

    private static byte[] BuildChains()
    {
        var next = new byte[Names.Length];
        for (var i = Names.Length - 1; i > 0; i--)
        {
            var hash = Hash(Names[i]);
            next[i] = Buckets[hash];
            Buckets[hash] = (byte)i;
        }

        return next;
    }
}
