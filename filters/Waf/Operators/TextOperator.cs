using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Compares a value with a text, macros in it filled in. Case counts.</summary>
internal sealed class TextOperator(Macro argument, Func<string, string, bool> compare) : Operator
{
    private readonly string? _constant = argument.IsConstant ? argument.Text : null;

    public override bool Matches(string text, OperatorRun run)
    {
        return compare(text, _constant ?? argument.Expand(run.Lookup));
    }
}
