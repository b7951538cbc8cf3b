using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary><c>deprecatevar</c>: a persistent counter goes down by an amount every so many seconds.</summary>
internal sealed class DeprecateVariable(Variable collection, Macro key, long amount, long seconds) : RuleAction
{
    /// <exception cref="FormatException">It is none.</exception>
    public static DeprecateVariable Parse(string text)
    {
        if (text.Split('=') is not [var path, var rate] || rate.Split('/') is not [var amount, var seconds] || Number.Parse(seconds) <= 0)
        {
            throw new FormatException($"'{text}' is no rate like session.score=60/300");
        }

        var (collection, key) = VariablePath.Parse(path);
        return new DeprecateVariable(collection, key, Number.Parse(amount), Number.Parse(seconds));
    }

    public override void Run(Transaction transaction) => transaction.Deprecate(collection, key.Expand(transaction), amount, seconds);
}
