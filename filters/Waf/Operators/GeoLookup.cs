namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether it is known where an address is; what is known becomes <c>GEO</c>.</summary>
internal sealed class GeoLookup : Operator
{
    public override bool Matches(string text, OperatorRun run)
    {
        if (run.Countries is null || !run.Countries.TryFind(text, out var country))
        {
            return false;
        }

        run.Country = country;
        return true;
    }
}
