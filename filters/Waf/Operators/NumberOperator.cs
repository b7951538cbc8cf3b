using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Compares a value with a number; a text that begins with none counts as 0.</summary>
internal sealed class NumberOperator(Macro argument, Func<long, long, bool> compare) : Operator
{
    private readonly long? _constant = argument.IsConstant ? Number.Parse(argument.Text) : null;

    public override bool Matches(string text, OperatorRun run)
    {
        return compare(Number.Parse(text), _constant ?? Number.Parse(argument.Expand(run.Lookup)));
    }
}
