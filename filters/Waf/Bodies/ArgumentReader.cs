using System.Buffers;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>Reads parameters as queries and forms have them.</summary>
internal static class ArgumentReader
{
    /// <returns>False where an encoding is malformed or there are more than are read.</returns>
    public static bool Read(ReadOnlySpan<char> text, char separator, Variable variable, Transaction transaction)
    {
        var isWellFormed = true;
        foreach (var range in text.Split(separator))
        {
            var pair = text[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.IndexOf('=');
            var name = Decode(equals < 0 ? pair : pair[..equals], ref isWellFormed);
            var value = equals < 0 ? "" : Decode(pair[(equals + 1)..], ref isWellFormed);
            if (!transaction.AddArgument(variable, name, value))
            {
                transaction.FailBody("too many arguments");
                return false;
            }
        }

        return isWellFormed;
    }

    private static string Decode(ReadOnlySpan<char> text, ref bool isWellFormed)
    {
        if (text.IndexOfAny('%', '+') < 0)
        {
            return text.ToString();
        }

        var output = ArrayPool<char>.Shared.Rent(text.Length);
        var length = UrlCodec.Decode(text, output, out var isMalformed);
        isWellFormed &= !isMalformed;
        var decoded = new string(output, 0, length);
        ArrayPool<char>.Shared.Return(output);
        return decoded;
    }
}
