using System.Buffers;
using System.Text;
using FilterProxy.Filters.Waf.Detection;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether a value would change a statement of SQL it is put into; captures the kind of tokens found.</summary>
internal sealed class DetectSqlInjection : Operator
{
    public override bool Matches(string text, OperatorRun run)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(text.Length);
        var length = Encoding.Latin1.GetBytes(text, bytes);
        var isMatch = SqlDetector.IsInjection(bytes.AsSpan(0, length), out var fingerprint);
        ArrayPool<byte>.Shared.Return(bytes);
        if (isMatch)
        {
            run.Capture(fingerprint ?? "");
        }

        return isMatch;
    }
}
