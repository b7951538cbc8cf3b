using System.Buffers;
using System.Text;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.Cors;

/// <summary>The origins that were told: exact ones, hosts below a domain, and expressions.</summary>
internal sealed class OriginSet
{
    private static readonly SearchValues<byte> HostBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-."u8);

    private readonly byte[][] _exact;
    private readonly (byte[] Start, byte[] End)[] _wildcards;
    private readonly ByteRegex[] _expressions;

    /// <exception cref="ArgumentException">One is no origin, or no regular expression.</exception>
    public OriginSet(IEnumerable<string> origins, IEnumerable<string> expressions)
    {
        var named = origins.Distinct().ToList();
        IsAny = named.Remove("*");
        named.ForEach(Check);
        _exact = [.. named.Where(origin => !IsWildcard(origin)).Select(Encoding.ASCII.GetBytes)];
        _wildcards = [.. named.Where(IsWildcard).Select(origin => origin.Split('*')).Select(parts => (Encoding.ASCII.GetBytes(parts[0]), Encoding.ASCII.GetBytes(parts[1])))];
        _expressions = [.. expressions.Select(pattern => ByteRegex.Parse(pattern, whole: true))];
    }

    /// <summary>Whether every origin is allowed.</summary>
    public bool IsAny { get; }

    public bool Contains(ReadOnlySpan<byte> origin)
    {
        if (IsAny)
        {
            return true;
        }

        foreach (var exact in _exact)
        {
            if (origin.SequenceEqual(exact))
            {
                return true;
            }
        }

        foreach (var (start, end) in _wildcards)
        {
            // What stands for the star is one or more labels and nothing else: no port, no '@', no slash.
            if (origin.Length > start.Length + end.Length && origin.StartsWith(start) && origin.EndsWith(end)
                && IsLabels(origin[start.Length..^end.Length]))
            {
                return true;
            }
        }

        foreach (var expression in _expressions)
        {
            if (expression.IsMatch(origin))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLabels(ReadOnlySpan<byte> text) =>
        !text.ContainsAnyExcept(HostBytes) && text[0] != (byte)'.' && text[^1] != (byte)'.' && text.IndexOf(".."u8) < 0;

    private static bool IsWildcard(string origin) => origin.Contains('*', StringComparison.Ordinal);

    // RFC 6454 §6.2: scheme, host and port, in lower case, nothing behind them. Anything else would never match.
    private static void Check(string origin)
    {
        if (origin == "null")
        {
            return;
        }

        var plain = origin.Replace("://*.", "://wildcard.", StringComparison.Ordinal);
        if (!Uri.TryCreate(plain, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || plain.Contains('*', StringComparison.Ordinal) || !Ascii.IsValid(origin))
        {
            throw new ArgumentException($"'{origin}' is no origin like 'https://app.example.com', 'https://*.example.com', 'null' or '*'");
        }

        var serialized = $"{uri.Scheme}://{uri.Host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}";
        if (serialized != plain)
        {
            throw new ArgumentException(
                $"'{origin}' is not as browsers write an origin (did you mean '{serialized.Replace("://wildcard.", "://*.", StringComparison.Ordinal)}'?)");
        }
    }
}
