using System.Text;

namespace FilterProxy.Filters.StaticFiles;

/// <summary>A folder whose files can be asked for by URL path, and nothing but them.</summary>
internal sealed class FileTree(string root, SymlinkPolicy symlinks)
{
    private const int MostLinks = 16;

    /// <summary>The folder, without links in its own path that would move under it.</summary>
    public string Root { get; } = root;

    /// <summary>The names of a URL path; null where it can name no file that may be sent.</summary>
    /// <param name="path">Percent-encoded, beginning with a slash.</param>
    public static List<string>? Parse(ReadOnlySpan<byte> path)
    {
        var segments = new List<string>();
        foreach (var range in path[1..].Split((byte)'/'))
        {
            var segment = path[1..][range];
            if (segment.IsEmpty)
            {
                // The end of a folder's path. Anywhere else it is another spelling of a path that is already there.
                if (range.End.GetOffset(path.Length - 1) != path.Length - 1)
                {
                    return null;
                }

                continue;
            }

            if (Decode(segment) is not { } name || !IsAllowed(name, segments.Count == 0))
            {
                return null;
            }

            segments.Add(name);
        }

        return segments;
    }

    /// <summary>Where names lead to; null where it is nowhere, or outside.</summary>
    public string? Find(IReadOnlyList<string> segments) => Find(segments, MostLinks);

    private string? Find(IReadOnlyList<string> segments, int links)
    {
        var current = Root;
        for (var i = 0; i < segments.Count; i++)
        {
            var next = Path.Combine(current, segments[i]);
            if (symlinks == SymlinkPolicy.Always || new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            var lead = Path.GetFullPath(target, current);
            if (symlinks == SymlinkPolicy.Never || links == 0 || !lead.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                return null;
            }

            // From the root again: what the link leads through may be links as well.
            return Find([.. lead[(Root.Length + 1)..].Split(Path.DirectorySeparatorChar), .. segments.Skip(i + 1)], links - 1);
        }

        return current;
    }

    private static string? Decode(ReadOnlySpan<byte> segment)
    {
        var bytes = new byte[segment.Length];
        var length = 0;
        for (var i = 0; i < segment.Length; i++)
        {
            var b = segment[i];
            if (b == '%')
            {
                if (i + 2 >= segment.Length || !TryHex(segment[i + 1], out var high) || !TryHex(segment[i + 2], out var low))
                {
                    return null;
                }

                b = (byte)((high << 4) | low);
                i += 2;
            }

            bytes[length++] = b;
        }

        return System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length)) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static bool TryHex(byte digit, out int value)
    {
        value = char.IsAsciiHexDigit((char)digit) ? Convert.ToInt32(((char)digit).ToString(), 16) : -1;
        return value >= 0;
    }

    // Dots: the way up, and what is hidden, but for what RFC 8615 puts under the root. Separators and control characters: what another
    // system, or another decoder, would read as something else.
    private static bool IsAllowed(string name, bool isFirst) =>
        (name[0] != '.' || (isFirst && name == ".well-known")) && name[^1] != '.'
        && name.AsSpan().IndexOfAny('/', '\\', ':') < 0 && !name.Any(char.IsControl);
}
