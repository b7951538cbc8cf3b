using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>
/// A targeted field (RFC 9213): cache directives as a Dictionary of structured fields (RFC 8941 §3.2), which counts as a whole or, where it is
/// malformed or empty, not at all.
/// </summary>
internal static class TargetedControl
{
    /// <summary>Reads the lines of a field; false where it must be ignored.</summary>
    public static bool TryRead(PreparedFields fields, ReadOnlySpan<byte> name, out CacheControl directives)
    {
        directives = new CacheControl();
        var members = 0;
        foreach (var field in fields)
        {
            if (!HeaderName.Equals(field.Name, name))
            {
                continue;
            }

            foreach (var item in new ListItems(field.Value))
            {
                if (!IsMember(item))
                {
                    return false;
                }

                members++;
            }

            directives.Add(field.Value);
        }

        return members > 0;
    }

    private static bool IsMember(ReadOnlySpan<byte> item)
    {
        var end = item.IndexOfAny("=;"u8);
        var key = end < 0 ? item : item[..end];
        if (!IsKey(key))
        {
            return false;
        }

        if (end < 0 || item[end] == ';')
        {
            return true;
        }

        var value = item[(end + 1)..];
        var parameters = value.IndexOf((byte)';');
        value = parameters < 0 ? value : value[..parameters];
        return IsNumber(key) ? IsInteger(value) : !value.IsEmpty && !value.ContainsAnyExceptInRange((byte)'!', (byte)'~');
    }

    private static bool IsKey(ReadOnlySpan<byte> key)
    {
        if (key.IsEmpty || key[0] is not (>= (byte)'a' and <= (byte)'z' or (byte)'*'))
        {
            return false;
        }

        foreach (var b in key)
        {
            if (b is not (>= (byte)'a' and <= (byte)'z' or >= (byte)'0' and <= (byte)'9' or (byte)'_' or (byte)'-' or (byte)'.' or (byte)'*'))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsNumber(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("max-age"u8) || key.SequenceEqual("s-maxage"u8) || key.SequenceEqual("stale-while-revalidate"u8) || key.SequenceEqual("stale-if-error"u8);

    // RFC 8941 §3.3.1: at most 15 digits.
    private static bool IsInteger(ReadOnlySpan<byte> value) =>
        value.Length is > 0 and <= 15 && !value.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
