using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary><c>setvar</c>: changes a value of a collection.</summary>
internal sealed class SetVariable(Variable collection, Macro key, VariableChange change, Macro value) : RuleAction
{
    /// <param name="text">As rules write it: <c>tx.score=+%{tx.critical}</c>, <c>!tx.score</c>.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static SetVariable Parse(string text)
    {
        var isRemoval = text.StartsWith('!');
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var (collection, key) = VariablePath.Parse(equals < 0 ? text[(isRemoval ? 1 : 0)..] : text[..equals]);
        if (isRemoval || equals < 0)
        {
            return new SetVariable(collection, key, isRemoval ? VariableChange.Remove : VariableChange.Assign, Macro.Parse("1"));
        }

        var value = text[(equals + 1)..];
        return value switch
        {
            ['+', ..] => new SetVariable(collection, key, VariableChange.Add, Macro.Parse(value[1..])),
            ['-', ..] => new SetVariable(collection, key, VariableChange.Subtract, Macro.Parse(value[1..])),
            _ => new SetVariable(collection, key, VariableChange.Assign, Macro.Parse(value)),
        };
    }

    public override void Run(Transaction transaction)
    {
        var name = key.Expand(transaction);
        switch (change)
        {
            case VariableChange.Remove:
                transaction.Assign(collection, name, null);
                break;
            case VariableChange.Assign:
                transaction.Assign(collection, name, value.Expand(transaction));
                break;
            default:
                var amount = Number.Parse(value.Expand(transaction));
                transaction.Add(collection, name, change == VariableChange.Add ? amount : -amount);
                break;
        }
    }
}
