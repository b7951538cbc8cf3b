using System.Text;
using System.Text.RegularExpressions;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Tests.Config.Schema;

/// <summary>
/// Tables of options in the documentation, between <c>&lt;!-- options: LimitsConfig --&gt;</c> and <c>&lt;!-- /options --&gt;</c>: of a
/// configuration record, or of a component by its name.
/// </summary>
internal static partial class ReferenceTable
{
    private static readonly XmlDocs Docs = new();

    [GeneratedRegex(@"(?<=<!-- options: (?<name>\w+) -->\n).*?(?=<!-- /options -->)", RegexOptions.Singleline)]
    private static partial Regex Tables { get; }

    /// <summary>The text with every table made anew.</summary>
    public static string Refresh(string text) => Tables.Replace(text, table => $"\n{Make(Resolve(table.Groups["name"].Value))}\n");

    public static IEnumerable<Type> In(string text) => Tables.Matches(text).Select(table => Resolve(table.Groups["name"].Value));

    private static Type Resolve(string name) =>
        typeof(ProxyConfig).Assembly.GetType($"FilterProxy.Core.Config.{name}")
        ?? Generated.Registry.All.FirstOrDefault(component => component.Name == name)?.OptionsType
        ?? Generated.Registry.All.Select(component => component.OptionsType?.Assembly.GetTypes().FirstOrDefault(type => type.Name == name)).OfType<Type>().First();

    private static string Make(Type type)
    {
        var table = new StringBuilder("| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
        foreach (var option in OptionDescription.Of(type, Docs))
        {
            var standard = option.IsRequired ? "required" : option.Default;
            table.Append($"| `{option.Key}` | {Cell(option.Type)} | {Cell(standard)} | {Cell(option.Meaning)} |\n");
        }

        return table.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
