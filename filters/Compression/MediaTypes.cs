using System.Text;

namespace FilterProxy.Filters.Compression;

/// <summary>A set of media types: exact ones, <c>text/*</c>, and <c>*+json</c>.</summary>
internal sealed class MediaTypes
{
    private readonly byte[][] _exact, _prefixes, _suffixes;

    /// <exception cref="ArgumentException">A type is malformed.</exception>
    public MediaTypes(IReadOnlyList<string> types)
    {
        var wrong = types.FirstOrDefault(type => !IsWellFormed(type));
        if (wrong is not null)
        {
            throw new ArgumentException($"types: '{wrong}' is no media type such as text/html, text/* or *+json", nameof(types));
        }

        _exact = Select(types.Where(type => !type.Contains('*', StringComparison.Ordinal)));
        _prefixes = Select(types.Where(type => type.EndsWith("/*", StringComparison.Ordinal)).Select(type => type[..^1]));
        _suffixes = Select(types.Where(type => type.StartsWith('*')).Select(type => type[1..]));
    }

    /// <summary>Whether the value of a Content-Type is one of them; parameters do not count.</summary>
    public bool Contains(ReadOnlySpan<byte> contentType)
    {
        var end = contentType.IndexOf((byte)';');
        var type = (end < 0 ? contentType : contentType[..end]).TrimEnd((byte)' ');
        foreach (var exact in _exact)
        {
            if (HeaderName.Equals(type, exact))
            {
                return true;
            }
        }

        foreach (var prefix in _prefixes)
        {
            if (type.Length > prefix.Length && HeaderName.Equals(type[..prefix.Length], prefix))
            {
                return true;
            }
        }

        foreach (var suffix in _suffixes)
        {
            if (type.Length > suffix.Length && HeaderName.Equals(type[^suffix.Length..], suffix))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWellFormed(string type)
    {
        if (type.StartsWith("*+", StringComparison.Ordinal))
        {
            return HeaderName.IsToken(Encoding.UTF8.GetBytes(type[2..])) && !type[2..].Contains('*', StringComparison.Ordinal);
        }

        var halves = type.Split('/');
        return halves.Length == 2 && halves.All(half => HeaderName.IsToken(Encoding.UTF8.GetBytes(half)))
            && !halves[0].Contains('*', StringComparison.Ordinal) && (halves[1] == "*" || !halves[1].Contains('*', StringComparison.Ordinal));
    }

    private static byte[][] Select(IEnumerable<string> types) => [.. types.Select(Encoding.ASCII.GetBytes)];
}
