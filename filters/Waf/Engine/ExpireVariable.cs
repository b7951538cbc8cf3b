using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary><c>expirevar</c>: a persistent value is forgotten after some seconds.</summary>
internal sealed class ExpireVariable(Variable collection, Macro key, Macro seconds) : RuleAction
{
    /// <exception cref="FormatException">It is none.</exception>
    public static ExpireVariable Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            throw new FormatException($"'{text}' is no expiry like ip.block=60");
        }

        var (collection, key) = VariablePath.Parse(text[..equals]);
        return new ExpireVariable(collection, key, Macro.Parse(text[(equals + 1)..]));
    }

    public override void Run(Transaction transaction) =>
        transaction.Expire(collection, key.Expand(transaction), Number.Parse(seconds.Expand(transaction)));
}
