namespace FilterProxy.Filters.Waf.Engine;

/// <summary>Something a rule does for every value that matches, whatever becomes of the exchange.</summary>
internal abstract class RuleAction
{
    public abstract void Run(Transaction transaction);
}
