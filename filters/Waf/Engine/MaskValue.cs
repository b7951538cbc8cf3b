using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary><c>sanitiseArg</c> and its like: a value is not written into the audit log.</summary>
/// <param name="variable">Whose; <see cref="Variable.MatchedVar"/> for the one that matched.</param>
/// <param name="name">Its name.</param>
internal sealed class MaskValue(Variable variable, string name) : RuleAction
{
    public override void Run(Transaction transaction) => transaction.Mask(variable, name);
}
