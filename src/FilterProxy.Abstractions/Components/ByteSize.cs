using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FilterProxy;

/// <summary>
/// A number of bytes in options and configuration, written <c>512</c>, <c>64KiB</c> or <c>10MB</c>. Units are B, KB, MB, GB, TB
/// (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024), in any letter case. A bare <c>k</c>, <c>m</c> or <c>g</c> is refused
/// because programs disagree on which of the two it means.
/// </summary>
/// <param name="Bytes">The number of bytes; never negative when parsed.</param>
public readonly record struct ByteSize(long Bytes) : IParsable<ByteSize>, IComparable<ByteSize>
{
    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000),
    ];

    /// <summary>So many times 1024 bytes.</summary>
    public static ByteSize FromKiB(long count) => new(checked(count << 10));

    /// <summary>So many times 1024² bytes.</summary>
    public static ByteSize FromMiB(long count) => new(checked(count << 20));

    /// <summary>Reads a size and says what is wrong with it otherwise.</summary>
    public static bool TryParse(string text, out ByteSize size, out string error)
    {
        size = default;
        error = "";
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        var unit = text.AsSpan(digits.Length);
        if (!TryFactor(unit, out var factor)
            || !decimal.TryParse(digits.TrimEnd(' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            error = $"expected a size like '64KiB' or '10MB', got '{text}'";
            return false;
        }

        if (number > long.MaxValue / factor)
        {
            error = $"'{text}' is too large";
            return false;
        }

        var bytes = number * factor;
        if (bytes != decimal.Truncate(bytes))
        {
            error = $"'{text}' is not a whole number of bytes";
            return false;
        }

        size = new ByteSize((long)bytes);
        return true;
    }

    /// <inheritdoc/>
    public static ByteSize Parse(string s, IFormatProvider? provider)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, out var size, out string error) ? size : throw new FormatException(error);
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ByteSize result)
    {
        result = default;
        return s is not null && TryParse(s, out result, out string _);
    }

    /// <inheritdoc/>
    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>Less than.</summary>
    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    /// <summary>Greater than.</summary>
    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    /// <summary>Less than or equal.</summary>
    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    /// <summary>Greater than or equal.</summary>
    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    /// <summary>The shortest exact form; parses back to the same size.</summary>
    public override string ToString()
    {
        foreach (var (suffix, factor) in Units)
        {
            if (Bytes != 0 && Bytes % factor == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{Bytes / factor}{suffix}");
            }
        }

        return Bytes.ToString(CultureInfo.InvariantCulture);
    }

    private static bool TryFactor(ReadOnlySpan<char> unit, out long factor)
    {
        factor = 1;
        if (unit.IsEmpty || unit.Equals("B", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        foreach (var (suffix, size) in Units)
        {
            if (unit.Equals(suffix, StringComparison.OrdinalIgnoreCase))
            {
                factor = size;
                return true;
            }
        }

        return false;
    }
}
