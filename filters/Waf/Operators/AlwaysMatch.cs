namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Matches whatever the value is.</summary>
internal sealed class AlwaysMatch : Operator
{
    public override bool Matches(string text, OperatorRun run) => true;
}
