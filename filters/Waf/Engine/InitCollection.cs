using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary><c>initcol</c>, <c>setsid</c>, <c>setuid</c>, <c>setrsc</c>: opens a persistent collection.</summary>
internal sealed class InitCollection(Variable collection, Macro key) : RuleAction
{
    /// <exception cref="FormatException">It is none.</exception>
    public static InitCollection Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && Variables.TryParse(text[..equals].Trim(), out var collection) && Variables.IsPersistent(collection)
            ? new InitCollection(collection, Macro.Parse(text[(equals + 1)..]))
            : throw new FormatException($"'{text}' names no persistent collection like ip=%{{remote_addr}}");
    }

    public override void Run(Transaction transaction) => transaction.Open(collection, key.Expand(transaction));
}
