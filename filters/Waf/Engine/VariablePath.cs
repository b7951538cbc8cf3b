using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>Where an action writes: <c>tx.score</c>, <c>ip.%{tx.name}</c>.</summary>
internal static class VariablePath
{
    /// <exception cref="FormatException">It is none, or a collection that cannot be written.</exception>
    public static (Variable Collection, Macro Key) Parse(string text)
    {
        var separator = text.AsSpan().IndexOfAny('.', ':');
        if (separator <= 0 || !Variables.TryParse(text[..separator].Trim(), out var collection))
        {
            throw new FormatException($"'{text}' names no variable like tx.score");
        }

        return collection is Variable.Tx or Variable.Env || Variables.IsPersistent(collection)
            ? (collection, Macro.Parse(text[(separator + 1)..].Trim()))
            : throw new FormatException($"{Variables.NameOf(collection)} cannot be written");
    }
}
