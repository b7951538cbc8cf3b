using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Matches values that are not UTF-8 (RFC 3629): cut, overlong, surrogates, beyond U+10FFFF.</summary>
internal sealed class ValidateUtf8Encoding : Operator
{
    public override bool Matches(string text, OperatorRun run)
    {
        if (Ascii.IsValid(text))
        {
            return false;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(text.Length);
        var length = Encoding.Latin1.GetBytes(text, bytes);
        var isValid = Utf8.IsValid(bytes.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(bytes);
        return !isValid;
    }
}
