using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Matches values in which a percent sign begins no encoded byte.</summary>
internal sealed class ValidateUrlEncoding : Operator
{
    public override bool Matches(string text, OperatorRun run)
    {
        var rest = text.AsSpan();
        for (var at = rest.IndexOf('%'); at >= 0; at = rest.IndexOf('%'))
        {
            if (!Hex.Has(rest, at + 1, 2))
            {
                return true;
            }

            rest = rest[(at + 3)..];
        }

        return false;
    }
}
