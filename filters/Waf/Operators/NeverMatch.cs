namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Matches nothing.</summary>
internal sealed class NeverMatch : Operator
{
    public override bool Matches(string text, OperatorRun run) => false;
}
