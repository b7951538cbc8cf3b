using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary><c>setenv</c>: a value of <c>ENV</c>, which other filters read as metadata <c>waf/NAME</c>.</summary>
internal sealed class SetEnvironment(Macro name, Macro value) : RuleAction
{
    public static SetEnvironment Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return new SetEnvironment(Macro.Parse(equals < 0 ? text : text[..equals]), Macro.Parse(equals < 0 ? "1" : text[(equals + 1)..]));
    }

    public override void Run(Transaction transaction) => transaction.Assign(Variable.Env, name.Expand(transaction), value.Expand(transaction));
}
