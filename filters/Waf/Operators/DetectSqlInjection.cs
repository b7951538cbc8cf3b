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
        Span<byte> fingerprint = stackalloc byte[SqlDetector.FingerprintLength];
        var length = Encoding.Latin1.GetBytes(text, bytes);
        var isMatch = SqlDetector.IsInjection(bytes.AsSpan(0, length), fingerprint, out length);
        ArrayPool<byte>.Shared.Return(bytes);
        if (isMatch && run.WantsCaptures)
        {
            run.Capture(Encoding.Latin1.GetString(fingerprint[..length]));
        }

        return isMatch;
    }
}
