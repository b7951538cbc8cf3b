using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>
/// Hosts a route answers for: <c>example.com</c>, <c>*.example.com</c> (any depth, at least one label), <c>*</c>, each with an
/// optional <c>:port</c>, which then must stand in the request's authority. ASCII case and a trailing dot do not count.
/// </summary>
internal sealed class HostPattern
{
    private const int MaxHost = 255;

    private readonly string _text;

    private HostPattern(string text, HostPatternKind kind, byte[] key, int port)
    {
        _text = text;
        Kind = kind;
        Key = key;
        Port = port;
    }

    public HostPatternKind Kind { get; }

    /// <summary>In lower case: the host, or <c>.example.com</c> for a wildcard, or nothing.</summary>
    public byte[] Key { get; }

    /// <summary>The port, or <see cref="AuthorityParts.NoPort"/> when any will do.</summary>
    public int Port { get; }

    public static HostPattern Parse(string text) =>
        TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException($"'{text}': {error}");

    public static bool TryParse(string text, [NotNullWhen(true)] out HostPattern? pattern, out string error)
    {
        pattern = null;
        error = "";
        if (text.Any(c => c is <= ' ' or '/' or '@' or >= (char)0x7F))
        {
            error = text.Any(c => c >= 0x7F)
                ? "a host is written in ASCII; write an international name in its xn-- form"
                : "a host is a name or address with an optional port, without scheme, user or path";
            return false;
        }

        var parts = new AuthorityParts(Encoding.ASCII.GetBytes(text.ToLowerInvariant()));
        var host = Encoding.ASCII.GetString(parts.Host);
        var isLiteral = host.StartsWith('[');
        var hasPort = text.IndexOf(':', isLiteral ? text.IndexOf(']') + 1 : 0) >= 0;
        if (isLiteral && !host.EndsWith(']'))
        {
            error = "an IPv6 address ends with its bracket, as in [::1]";
        }
        else if (hasPort && parts.Port < 1)
        {
            error = isLiteral || text.Count(c => c == ':') == 1
                ? "the port must be a number from 1 to 65535"
                : "an IPv6 address is written in brackets, as in [::1]";
        }
        else if (host.Length is 0 or > MaxHost)
        {
            error = "the host is empty or longer than 255 characters";
        }
        else if (host.StartsWith('.') || host.Contains("..", StringComparison.Ordinal))
        {
            error = "a label is empty";
        }
        else if (host.LastIndexOf('*') > 0 || (host[0] == '*' && host.Length > 1 && host[1] != '.'))
        {
            error = "'*' stands for whole labels at the beginning, as in *.example.com";
        }
        else
        {
            var kind = host == "*" ? HostPatternKind.Any : host[0] == '*' ? HostPatternKind.Wildcard : HostPatternKind.Exact;
            var key = kind switch { HostPatternKind.Any => "", HostPatternKind.Wildcard => host[1..], _ => host };
            pattern = new HostPattern(text, kind, Encoding.ASCII.GetBytes(key), parts.Port);
        }

        return pattern is not null;
    }

    /// <summary>Whether the authority of a request is one of these hosts.</summary>
    public bool Matches(ReadOnlySpan<byte> authority)
    {
        var parts = new AuthorityParts(authority);
        var host = parts.Host;
        if (Port != AuthorityParts.NoPort && Port != parts.Port)
        {
            return false;
        }

        return Kind switch
        {
            HostPatternKind.Any => true,
            HostPatternKind.Wildcard => host.Length > Key.Length && Ascii.EqualsIgnoreCase(host[^Key.Length..], Key),
            _ => Ascii.EqualsIgnoreCase(host, Key),
        };
    }

    public override string ToString() => _text;
}
