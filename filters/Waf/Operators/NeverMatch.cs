namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Matches nothing: <c>noMatch</c>, and what would ask a database or a server that is not at hand.</summary>
internal sealed class NeverMatch : Operator
{
    public override bool Matches(string text, OperatorRun run) => false;
}
