using System.Text.RegularExpressions;

namespace FilterProxy.Filters.Script;

/// <summary>What to tell whoever wrote JavaScript that is newer than the engine.</summary>
internal static class SyntaxAdvice
{
    public const string WayOut = "scripts are run as ECMAScript 5: lower it with 'npx -p typescript@5 tsc --target ES5 --allowJs --outDir lowered' first";

    private static readonly (Regex Pattern, string Name)[] Features =
    [
        (new(@"=>"), "an arrow function"),
        (new("`"), "a template literal"),
        (new(@"\bclass\s+[\w$]*\s*(extends\b|\{)|\bclass\s*\{"), "a class"),
        (new(@"\bfor\s*\(\s*(var|let|const)\s+[\w$\[\]{},\s]+\s+of\b"), "for-of"),
        (new(@"\.\.\."), "spread or rest"),
        (new(@"\b(var|let|const)\s*[\[{]"), "destructuring"),
        (new(@"\?\."), "optional chaining"),
        (new(@"\?\?"), "the ?? operator"),
        (new(@"\*\*"), "the ** operator"),
        (new(@"\basync\b|\bawait\b"), "async/await"),
        (new(@"\bfunction\s*\*|\byield\b"), "a generator"),
        (new(@"^\s*(import|export)\b"), "a module"),
        (new(@"\bfunction\b[^(]*\([^)]*=[^)]*\)"), "a default parameter"),
        (new(@"[{,]\s*[\w$]+\s*\([^)]*\)\s*\{"), "a method in an object"),
        (new(@"[{,]\s*[\w$]+\s*[,}]"), "a shorthand property"),
        (new(@"[{,]\s*\["), "a computed property"),
    ];

    // Names that ECMAScript 5 does not have, by what does instead.
    private static readonly Dictionary<string, string> Methods = new(StringComparer.Ordinal)
    {
        ["startsWith"] = "s.indexOf(x) === 0", ["endsWith"] = "s.slice(-x.length) === x", ["includes"] = "s.indexOf(x) >= 0",
        ["find"] = "filter(f)[0]", ["findIndex"] = "a loop", ["padStart"] = "a loop", ["padEnd"] = "a loop", ["repeat"] = "new Array(n + 1).join(s)",
        ["flat"] = "concat", ["flatMap"] = "map and concat", ["trimStart"] = "trim", ["trimEnd"] = "trim", ["replaceAll"] = "replace(/x/g, y)",
        ["assign"] = "a loop over Object.keys", ["entries"] = "Object.keys", ["values"] = "Object.keys", ["fromEntries"] = "a loop", ["of"] = "a literal",
    };

    /// <summary>The newer syntax of a line that a parser stumbled over; null when it is none.</summary>
    /// <param name="line">The line.</param>
    /// <param name="column">Where it stumbled, from 1.</param>
    public static string? ForSyntax(string line, int column)
    {
        var found = Features
            .SelectMany(feature => feature.Pattern.Matches(line).Select(match => (feature.Name, Distance: DistanceTo(match, column - 1))))
            .OrderBy(match => match.Distance)
            .Select(match => match.Name)
            .FirstOrDefault();
        return found is null ? null : $"{found} is newer than the engine; {WayOut}";
    }

    /// <summary>The newer function a message says is missing; null when it is none.</summary>
    public static string? ForMessage(string message)
    {
        foreach (var (name, instead) in Methods)
        {
            if (message.Contains($"'{name}'", StringComparison.Ordinal))
            {
                return $"'{name}' is not in ECMAScript 5, write {instead}";
            }
        }

        return null;
    }

    private static int DistanceTo(Match match, int index) =>
        index < match.Index ? match.Index - index : Math.Max(0, index - match.Index - match.Length);
}
