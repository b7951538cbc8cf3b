using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Auditing;

/// <summary>Texts as logs may show them: what rules masked is not.</summary>
internal static class MaskedText
{
    private const string Mask = "****";

    /// <param name="transaction">Whose rules masked.</param>
    /// <param name="variable">The value's name as rules see it, e.g. <c>ARGS:password</c>.</param>
    /// <param name="text">The value, or what holds it.</param>
    public static string Of(Transaction transaction, string variable, string text)
    {
        if (transaction.Masks.Count == 0)
        {
            return text;
        }

        var colon = variable.IndexOf(':', StringComparison.Ordinal);
        return Variables.TryParse(colon < 0 ? variable : variable[..colon], out var name)
            && IsMasked(transaction, name, colon < 0 ? "" : variable[(colon + 1)..]) ? Mask : text;
    }

    public static string Header(Transaction transaction, Variable variable, string name, string text) =>
        transaction.Masks.Count > 0 && IsMasked(transaction, variable, name) ? Mask : text;

    /// <summary>The request's target; its query only where no parameter is masked.</summary>
    public static string Target(Transaction transaction)
    {
        var target = transaction.First(Variable.RequestUriRaw, null);
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return query >= 0 && HidesArguments(transaction) ? target[..(query + 1)] + Mask : target;
    }

    /// <summary>Whether a parameter is masked: then what holds all of them is not shown.</summary>
    public static bool HidesArguments(Transaction transaction)
    {
        foreach (var (variable, _) in transaction.Masks)
        {
            if (IsArgument(variable))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsMasked(Transaction transaction, Variable variable, string name)
    {
        foreach (var (masked, key) in transaction.Masks)
        {
            if ((masked == variable || (IsArgument(masked) && IsArgument(variable))) && key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsArgument(Variable variable) => variable is Variable.Args or Variable.ArgsGet or Variable.ArgsPost;
}
