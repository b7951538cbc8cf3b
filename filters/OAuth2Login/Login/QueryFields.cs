using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>Parameters of a query or a form. One that comes twice is an error: two readers would take two values (RFC 6749 §3.1).</summary>
internal sealed class QueryFields
{
    private const int Most = 32;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>A parameter, or null.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name);

    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out QueryFields? fields)
    {
        fields = new QueryFields();
        var count = 0;
        foreach (var range in text.Split((byte)'&'))
        {
            var pair = text[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.IndexOf((byte)'=');
            var name = Decode(equals < 0 ? pair : pair[..equals]);
            if (++count > Most || !fields._values.TryAdd(name, equals < 0 ? "" : Decode(pair[(equals + 1)..])))
            {
                fields = null;
                return false;
            }
        }

        return true;
    }

    private static string Decode(ReadOnlySpan<byte> text) => WebUtility.UrlDecode(Encoding.Latin1.GetString(text));
}
