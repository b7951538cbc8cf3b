using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>The operators by name.</summary>
internal static class OperatorTable
{
    private static readonly Dictionary<string, Func<string, OperatorContext, Operator>> Makers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["beginsWith"] = (text, _) => new TextOperator(Macro.Parse(text), static (value, other) => value.StartsWith(other, StringComparison.Ordinal)),
        ["contains"] = (text, _) => new TextOperator(Macro.Parse(text), static (value, other) => value.Contains(other, StringComparison.Ordinal)),
        ["containsWord"] = (text, _) => new TextOperator(Macro.Parse(text), WordSearch.Contains),
        ["detectSQLi"] = (_, _) => new DetectSqlInjection(),
        ["detectXSS"] = (_, _) => new DetectXss(),
        ["endsWith"] = (text, _) => new TextOperator(Macro.Parse(text), static (value, other) => value.EndsWith(other, StringComparison.Ordinal)),
        ["eq"] = (text, _) => new NumberOperator(Macro.Parse(text), static (value, other) => value == other),
        ["ge"] = (text, _) => new NumberOperator(Macro.Parse(text), static (value, other) => value >= other),
        ["geoLookup"] = (_, _) => new GeoLookup(),
        ["gt"] = (text, _) => new NumberOperator(Macro.Parse(text), static (value, other) => value > other),
        ["ipMatch"] = (text, _) => new IpMatch(text.Split(',')),
        ["ipMatchF"] = IpMatchFromFile,
        ["ipMatchFromFile"] = IpMatchFromFile,
        ["le"] = (text, _) => new NumberOperator(Macro.Parse(text), static (value, other) => value <= other),
        ["lt"] = (text, _) => new NumberOperator(Macro.Parse(text), static (value, other) => value < other),
        ["nids"] = (text, _) => NationalNumbers.CreateNids(text),
        ["noMatch"] = (_, _) => new NeverMatch(),
        ["pm"] = (text, _) => new PhraseMatch(PhraseList.Parse(text)),
        ["pmf"] = PhrasesFromFile,
        ["pmFromFile"] = PhrasesFromFile,
        ["rbl"] = (text, _) => new BlockListMatch(text),
        ["rx"] = (text, _) => RegexMatch.Create(text),
        ["streq"] = (text, _) => new TextOperator(Macro.Parse(text), static (value, other) => value.Equals(other, StringComparison.Ordinal)),
        ["strmatch"] = (text, _) => new TextOperator(Macro.Parse(text), static (value, other) => value.Contains(other, StringComparison.Ordinal)),
        ["unconditionalMatch"] = (_, _) => new AlwaysMatch(),
        ["validateByteRange"] = (text, _) => new ValidateByteRange(text),
        ["validateUrlEncoding"] = (_, _) => new ValidateUrlEncoding(),
        ["validateUtf8Encoding"] = (_, _) => new ValidateUtf8Encoding(),
        ["verifyCC"] = (text, _) => new VerifyNumber(text, NationalNumbers.IsCard),
        ["verifyCPF"] = (text, _) => new VerifyNumber(text, NationalNumbers.IsCpf),
        ["verifySSN"] = (text, _) => new VerifyNumber(text, NationalNumbers.IsSsn),
        ["verifySVNR"] = (text, _) => new VerifyNumber(text, NationalNumbers.IsSvnr),
        ["within"] = (text, _) => new TextOperator(Macro.Parse(text), static (value, other) => other.Contains(value, StringComparison.Ordinal)),
    };

    public static bool Has(string name) => Makers.ContainsKey(name);

    /// <param name="name">As rules write it, without its sign.</param>
    /// <param name="argument">What stands behind it.</param>
    /// <param name="context">Files.</param>
    /// <exception cref="FormatException">There is no such operator, or its argument is none.</exception>
    /// <exception cref="ArgumentException">An expression or a file is none.</exception>
    public static Operator Create(string name, string argument, OperatorContext context) =>
        Makers.TryGetValue(name, out var make) ? make(argument, context) : throw new FormatException($"unknown operator '@{name}'");

    private static IpMatch IpMatchFromFile(string names, OperatorContext context) =>
        new([.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(name => Lines(context.ReadFile(name)))]);

    private static PhraseMatch PhrasesFromFile(string names, OperatorContext context) =>
        new([.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(name => Lines(context.ReadFile(name)))]);

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#');
}
