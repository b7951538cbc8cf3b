using System.Buffers;
using System.Text;
using FilterProxy.Filters.Waf.Detection;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether a value would run script in a page it is put into.</summary>
internal sealed class DetectXss : Operator
{
    public override bool Matches(string text, OperatorRun run)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(text.Length);
        var length = Encoding.Latin1.GetBytes(text, bytes);
        var isMatch = XssDetector.IsInjection(bytes.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(bytes);
        if (isMatch)
        {
            run.Capture(text);
        }

        return isMatch;
    }
}
