using System.Globalization;
using System.Text;
using FilterProxy.Core.Config.Explain;

namespace FilterProxy.Host;

/// <summary>An explanation for people: one fact a line, in the order a request meets them.</summary>
internal static class ExplanationText
{
    public static string Of(Explanation explanation, int shownMisses)
    {
        var text = new StringBuilder();
        Line(text, "request", explanation.Request);
        if (explanation.Listener is { } listener)
        {
            Line(text, "listener", $"{listener.Name} ({listener.Address}{(listener.Tls ? ", TLS" : "")}){(listener.Note is null ? "" : $"; {listener.Note}")}");
        }

        if (explanation.Path is { } path)
        {
            Line(text, "path", path);
            Line(text, "client", explanation.Client ?? "");
        }

        if (explanation.Route is { } route)
        {
            Line(text, "route", route.Place.Length == 0 ? route.Name : $"{route.Name} ({route.Place})");
            foreach (var (name, value) in route.Captures)
            {
                Line(text, "", $"{{{name}}} is '{value}'");
            }
        }

        var label = "filters";
        foreach (var filter in explanation.Filters)
        {
            Line(text, label, $"{filter.Name}{(filter.Options.Length == 0 ? "" : $": {filter.Options}")}   from {filter.From}");
            label = "";
            if (filter.Says is { } says)
            {
                Line(text, "", $"  {says}");
            }
        }

        if (explanation.Route is { } target)
        {
            AddTarget(text, target);
        }

        if (explanation.Problem is { } problem)
        {
            Line(text, "not served", problem);
        }

        AddMisses(text, explanation, shownMisses);
        return text.ToString();
    }

    private static void AddTarget(StringBuilder text, ExplainedRoute route)
    {
        if (route.Redirect is { } redirect)
        {
            Line(text, "redirect", $"{redirect.Status} to {redirect.Location}");
        }

        if (route.Respond is { } respond)
        {
            Line(text, "respond", $"{respond.Status}{(respond.Body.Length == 0 ? "" : $" '{respond.Body.ReplaceLineEndings("↵")}'")}");
        }

        foreach (var cluster in route.Clusters)
        {
            var share = route.Clusters.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", {cluster.Percent}% of requests");
            Line(text, "cluster", $"{cluster.Name} ({cluster.LoadBalancer}{share})");
            Line(text, "endpoint", cluster.Source is { } source
                ? $"what {source} finds when it runs"
                : string.Join(", ", cluster.Endpoints));
            if (cluster.Chosen is { } chosen)
            {
                Line(text, "chosen", chosen);
            }

            Line(text, "as", $"{route.UpstreamPath} with Host {cluster.Host}");
        }
    }

    private static void AddMisses(StringBuilder text, Explanation explanation, int shown)
    {
        if (explanation.NearMisses.Count == 0)
        {
            return;
        }

        text.Append("\nother routes\n");
        foreach (var miss in explanation.NearMisses.Take(shown))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {miss.Route}: {miss.Reason}\n");
        }

        if (explanation.NearMisses.Count > shown)
        {
            text.Append(CultureInfo.InvariantCulture, $"  and {explanation.NearMisses.Count - shown} more (--all)\n");
        }
    }

    private static void Line(StringBuilder text, string label, string value) =>
        text.Append(CultureInfo.InvariantCulture, $"{label,-12}{value}\n");
}
