using System.Buffers.Text;

namespace FilterProxy.Filters.Http;

/// <summary>A Range field read against the length of what it asks of (RFC 9110 §14.1.2).</summary>
internal static class ByteRanges
{
    /// <summary>More ranges than any honest client asks for at once are answered as if none had been asked for (RFC 9110 §14.2).</summary>
    public const int Most = 16;

    /// <summary>What a Range field comes to.</summary>
    public enum Outcome
    {
        /// <summary>It is to be ignored: another unit, malformed, or too much.</summary>
        Ignored,

        /// <summary>There are ranges to send.</summary>
        Satisfiable,

        /// <summary>None of it is there: 416.</summary>
        Unsatisfiable,
    }

    /// <summary>Reads the field.</summary>
    /// <param name="field">Its value.</param>
    /// <param name="length">Bytes of the whole representation.</param>
    /// <param name="ranges">Room for <see cref="Most"/>.</param>
    /// <param name="count">How many were found.</param>
    public static Outcome Parse(ReadOnlySpan<byte> field, long length, Span<(long Start, long Length)> ranges, out int count)
    {
        count = 0;
        if (field.Length < 6 || !System.Text.Ascii.EqualsIgnoreCase(field[..6], "bytes="u8))
        {
            return Outcome.Ignored;
        }

        var asked = 0L;
        var specs = 0;
        foreach (var spec in new ListItems(field[6..]))
        {
            if (++specs > Most || !TryRead(spec, length, out var start, out var size))
            {
                count = 0;
                return Outcome.Ignored;
            }

            if (size > 0)
            {
                ranges[count++] = (start, size);
                asked += size;
            }
        }

        if (specs == 0)
        {
            return Outcome.Ignored;
        }

        if (count == 0)
        {
            return Outcome.Unsatisfiable;
        }

        // Ranges that lie over each other would make a small file a large answer.
        return count > 1 && asked > length ? Outcome.Ignored : Outcome.Satisfiable;
    }

    // A size of 0: well-formed, and beyond the end.
    private static bool TryRead(ReadOnlySpan<byte> spec, long length, out long start, out long size)
    {
        (start, size) = (0, 0);
        var dash = spec.IndexOf((byte)'-');
        if (dash < 0)
        {
            return false;
        }

        if (dash == 0)
        {
            if (!TryNumber(spec[1..], out var suffix))
            {
                return false;
            }

            size = Math.Min(suffix, length);
            start = length - size;
            return true;
        }

        if (!TryNumber(spec[..dash], out start))
        {
            return false;
        }

        var last = long.MaxValue;
        if (dash + 1 < spec.Length && (!TryNumber(spec[(dash + 1)..], out last) || last < start))
        {
            return false;
        }

        size = start >= length ? 0 : Math.Min(last, length - 1) - start + 1;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || text.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        if (!Utf8Parser.TryParse(text, out number, out _))
        {
            number = long.MaxValue;
        }

        return true;
    }
}
