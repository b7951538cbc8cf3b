using System.Text;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>The names of variables as rules write them, and which of them are collections.</summary>
internal static class Variables
{
    public static readonly int Count = Enum.GetValues<Variable>().Length;

    private static readonly string[] Names = [.. Enum.GetNames<Variable>().Select(ToUpperSnake)];

    private static readonly Dictionary<string, Variable> ByName =
        Enum.GetValues<Variable>().ToDictionary(variable => Names[(int)variable], variable => variable, StringComparer.OrdinalIgnoreCase);

    public static string NameOf(Variable variable) => Names[(int)variable];

    public static bool TryParse(string name, out Variable variable) => ByName.TryGetValue(name, out variable);

    /// <summary>Whether its values have names a selector can choose from.</summary>
    public static bool IsCollection(Variable variable) => variable is Variable.Args or Variable.ArgsGet or Variable.ArgsGetNames or Variable.ArgsNames
        or Variable.ArgsPost or Variable.ArgsPostNames or Variable.Env or Variable.Files or Variable.FilesNames or Variable.FilesSizes
        or Variable.FilesTmpContent or Variable.FilesTmpnames or Variable.Geo or Variable.MatchedVars or Variable.MatchedVarsNames
        or Variable.MultipartFilename or Variable.MultipartName or Variable.MultipartPartHeaders or Variable.RequestCookies
        or Variable.RequestCookiesNames or Variable.RequestHeaders or Variable.RequestHeadersNames or Variable.ResponseHeaders
        or Variable.ResponseHeadersNames or Variable.Rule or Variable.Tx or Variable.Xml || IsPersistent(variable);

    /// <summary>Whether it outlives the exchange and comes by <c>initcol</c>, <c>setsid</c>, <c>setuid</c> or <c>setrsc</c>.</summary>
    public static bool IsPersistent(Variable variable) => variable is Variable.Global or Variable.Ip or Variable.Resource or Variable.Session or Variable.User;

    private static string ToUpperSnake(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToUpperInvariant(c));
        }

        return text.ToString();
    }
}
