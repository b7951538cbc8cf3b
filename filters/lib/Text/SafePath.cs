namespace FilterProxy.Filters.Text;

/// <summary>Judges paths that were put together from parts a client had a hand in (RFC 3986 §3.3).</summary>
internal static class SafePath
{
    /// <summary>
    /// Whether a path means one thing only: it begins with a single slash, holds visible ASCII and whole escapes, and has no dot segment,
    /// however its dots and slashes are encoded, nor an encoded NUL. An upstream that decodes once never leaves the folder named.
    /// </summary>
    public static bool IsUnambiguous(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path[0] != (byte)'/' || (path.Length > 1 && path[1] is (byte)'/' or (byte)'\\'))
        {
            return false;
        }

        int dots = 0, others = 0;
        for (var i = 0; i < path.Length; i++)
        {
            var b = path[i];
            if (b == (byte)'%')
            {
                if (i + 2 >= path.Length || !char.IsAsciiHexDigit((char)path[i + 1]) || !char.IsAsciiHexDigit((char)path[i + 2]))
                {
                    return false;
                }

                b = (byte)((HexValue(path[i + 1]) << 4) | HexValue(path[i + 2]));
                i += 2;
                if (b == 0)
                {
                    return false;
                }
            }
            else if (b is <= 0x20 or >= 0x7F or (byte)'?' or (byte)'#')
            {
                return false;
            }

            if (b is (byte)'/' or (byte)'\\')
            {
                if (IsDotSegment(dots, others))
                {
                    return false;
                }

                (dots, others) = (0, 0);
            }
            else if (b == (byte)'.')
            {
                dots++;
            }
            else
            {
                others++;
            }
        }

        return !IsDotSegment(dots, others);
    }

    private static bool IsDotSegment(int dots, int others) => others == 0 && dots is 1 or 2;

    /// <summary>The value of a hexadecimal digit.</summary>
    public static int HexValue(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
