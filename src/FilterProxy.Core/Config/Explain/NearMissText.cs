using System.Text;
using FilterProxy.Core.Config.Tree;
using FilterProxy.Core.Routing;

namespace FilterProxy.Core.Config.Explain;

/// <summary>What kept a route from a request, with what the request has and what the route wants.</summary>
internal static class NearMissText
{
    private static readonly OptionsText Options = new(SecretRules.ByName);

    public static string Of(RouteNearMiss miss, MatchConfig match, ProxyConfig config, RequestHead head, string listener, string? winner)
    {
        if (miss.Obstacle is not { } obstacle)
        {
            return $"would match, but '{winner}' is more specific or comes first";
        }

        var space = obstacle.IndexOf(' ', StringComparison.Ordinal);
        var name = obstacle[(space + 1)..];
        return (space < 0 ? obstacle : obstacle[..space]) switch
        {
            "host" => Other("host", head.AuthorityText, config, match, nameof(match.Host)),
            "path" => Other("path", head.PathText, config, match, nameof(match.Path)),
            "method" => Other("method", head.MethodText, config, match, nameof(match.Methods)),
            "listener" => Other("listener", listener, config, match, nameof(match.Listeners)),
            "header" => $"header {name} {HeaderOf(head, name)}; the route wants {Wanted(config, match, nameof(match.Headers), name)}",
            "query" => $"query parameter {name} {QueryOf(head, name)}; the route wants {Wanted(config, match, nameof(match.Query), name)}",
            _ => obstacle,
        };
    }

    private static string Other(string what, string actual, ProxyConfig config, MatchConfig match, string property) =>
        $"{what} is {(actual.Length == 0 ? "empty" : actual)}; the route wants {string.Join(" or ", WrittenText.Of(config.Places, match, property))}";

    private static string HeaderOf(RequestHead head, string name)
    {
        var values = new List<string>();
        foreach (var entry in head.Headers.Entries)
        {
            if (Encoding.Latin1.GetString(head.Headers.NameOf(entry)).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                values.Add(Encoding.Latin1.GetString(head.Headers.ValueOf(entry)));
            }
        }

        return values.Count == 0 ? "is not there" : $"is '{string.Join("', '", values)}'";
    }

    private static string QueryOf(RequestHead head, string name) =>
        head.TryGetQuery(Encoding.UTF8.GetBytes(name), out var value) ? $"is '{Encoding.Latin1.GetString(value)}'" : "is not there";

    // From the tree: a text from a file is not shown. Nor is a key that opens the route; a cookie more often chooses than opens.
    private static string Wanted(ProxyConfig config, MatchConfig match, string property, string name)
    {
        if (SecretRules.IsNamedLikeSecret(name) && !name.Equals("cookie", StringComparison.OrdinalIgnoreCase))
        {
            return "another";
        }

        var node = (config.Places.NodeOf(match, property) as ConfigMapping)?.Entries
            .FirstOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value;
        return node is ConfigMapping { Entries: [var rule] }
            ? rule.Name switch
            {
                "present" => rule.Value is ConfigScalar { Text: "true" or "on" or "yes" } ? "it to be there" : "it not to be there",
                "prefix" => $"one that begins with {Options.Of(rule.Value)}",
                "regex" => $"one that matches {Options.Of(rule.Value)}",
                _ => Options.Of(rule.Value),
            }
            : node is null ? "another" : Options.Of(node);
    }
}
