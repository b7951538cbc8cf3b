using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>Reads the cookies of a field (RFC 6265 §4.2.1), values as they stand.</summary>
internal static class CookieReader
{
    public static void Read(ReadOnlySpan<char> field, Transaction transaction)
    {
        foreach (var range in field.Split(';'))
        {
            var pair = field[range].TrimStart(" \t");
            var equals = pair.IndexOf('=');
            var name = (equals < 0 ? pair : pair[..equals]).ToString();
            if (name.Length > 0)
            {
                transaction.Add(Variable.RequestCookies, new Value(name, equals < 0 ? "" : pair[(equals + 1)..].ToString()));
            }
        }
    }
}
