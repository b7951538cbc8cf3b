using System.Text.RegularExpressions;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of a route's <c>match</c>. What a pattern may look like inside is the route table's to say.</summary>
internal static class MatchChecks
{
    public static void Run(CheckContext context, MatchConfig match)
    {
        foreach (var (index, listener) in match.Listeners.Index())
        {
            context.RequireKnown(Place(context, match, nameof(match.Listeners), index), "listener", listener, context.Config.Listeners.Keys);
        }

        foreach (var (index, path) in match.Path.Index())
        {
            if (path.Length > 0 && path[0] is not ('/' or '~'))
            {
                context.RefuseAt(Place(context, match, nameof(match.Path), index), $"expected a path that begins with '/', got '{path}'");
            }
            else if (!PathPattern.TryParse(path, out _, out var error))
            {
                context.RefuseAt(Place(context, match, nameof(match.Path), index), error);
            }
        }

        foreach (var (index, host) in match.Host.Index())
        {
            if (host.Length == 0 || host.AsSpan().IndexOfAny("/?#@ ") >= 0 || !HostPattern.TryParse(host, out _, out _))
            {
                context.RefuseAt(Place(context, match, nameof(match.Host), index), $"expected a host like 'example.com' or '*.example.com', got '{host}'");
            }
        }

        foreach (var (index, method) in match.Methods.Index())
        {
            if (!HttpText.IsToken(method))
            {
                context.RefuseAt(Place(context, match, nameof(match.Methods), index), $"'{method}' cannot be a method");
            }
            else if (method.Any(char.IsAsciiLetterLower))
            {
                context.RefuseAt(
                    Place(context, match, nameof(match.Methods), index),
                    $"methods are case-sensitive: '{method}' never comes",
                    $"did you mean '{method.ToUpperInvariant()}'?");
            }
        }

        CheckValues(context, match, nameof(match.Headers), match.Headers, isHeader: true);
        CheckValues(context, match, nameof(match.Query), match.Query, isHeader: false);
    }

    /// <summary>A regular expression can run without backtracking: its time is linear in the text, whoever wrote the text.</summary>
    public static void CheckRegex(CheckContext context, object owner, string property, string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (RegexParseException error)
        {
            context.Refuse(owner, property, error.Message.TrimEnd('.'));
        }
        catch (Exception error) when (error is NotSupportedException or ArgumentException)
        {
            context.Refuse(owner, property, "this regular expression needs backtracking", "look-around and back-references are not supported");
        }
    }

    // Where an item could not be bound positions no longer agree, and the list's own place will do.
    private static SourceLocation Place(CheckContext context, MatchConfig match, string property, int index) =>
        context.IsBound(match, property) ? context.Places.LocateItem(match, property, index) : context.Places.Locate(match, property);

    private static void CheckValues(
        CheckContext context, MatchConfig match, string property, IReadOnlyDictionary<string, ValueMatchConfig> values, bool isHeader)
    {
        var node = context.Places.NodeOf(match, property) as ConfigMapping;
        var names = new HashSet<string>(isHeader ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (var (name, value) in values)
        {
            var place = node?.Find(name)?.Location ?? context.Places.Locate(match, property);
            if (isHeader && !HttpText.IsToken(name))
            {
                context.RefuseAt(place, $"'{name}' cannot be the name of a header");
            }
            else if (!names.Add(name))
            {
                context.RefuseAt(place, $"header '{name}' is here twice", "letter case does not count");
            }

            string[] rules = [nameof(value.Exact), nameof(value.Prefix), nameof(value.Regex), nameof(value.Present)];
            var isShort = value.Exact is not null && !context.IsWritten(value, nameof(value.Exact));
            if (!isShort && rules.Count(rule => context.IsWritten(value, rule)) != 1)
            {
                context.RefuseWhole(value, "expected exactly one of exact, prefix, regex, present");
            }

            if (value.Regex is { } regex)
            {
                CheckRegex(context, value, nameof(value.Regex), regex);
            }
        }
    }
}
