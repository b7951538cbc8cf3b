using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Host.Samples;
using Spectre.Console;

namespace FilterProxy.Host;

/// <summary>What the process says once it serves: listeners, routes and clusters.</summary>
internal static class Banner
{
    public static void Print(string file, Engine engine, ProxyConfig config, SampleApps? samples)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (!console.Profile.Out.IsTerminal)
        {
            // A log file has no width to fit into.
            console.Profile.Width = 160;
        }

        console.MarkupLineInterpolated($"[bold]FilterProxy[/] {CommandLine.Version}, configuration {file}");
        console.Write(Listeners(engine, config));
        console.Write(Routes(config));
        console.Write(Clusters(config));
        foreach (var line in samples?.Notes ?? [])
        {
            console.MarkupLineInterpolated($"[yellow]{line}[/]");
        }

        console.MarkupLine("[green]Ready.[/]");
    }

    private static Table Listeners(Engine engine, ProxyConfig config)
    {
        var table = Start("Listener", "Address", "Filters");
        foreach (var listener in engine.Listeners)
        {
            var filters = string.Join(", ", config.Listeners[listener.Name].Filters.Select(f => f.Key));
            table.AddRow(Text(listener.Name), Text(string.Join("\n", listener.Addresses)), Text(filters));
        }

        return table;
    }

    private static Table Routes(ProxyConfig config)
    {
        var table = Start("Route", "Host", "Path", "Goes to");
        foreach (var route in config.Routes)
        {
            table.AddRow(
                Text(route.Name),
                Text(route.Match.Host.Count == 0 ? "any" : string.Join("\n", route.Match.Host)),
                Text(route.Match.Path.Count == 0 ? "any" : string.Join("\n", route.Match.Path)),
                Text(Target(route)));
        }

        return table;
    }

    private static Table Clusters(ProxyConfig config)
    {
        var table = Start("Cluster", "Balancer", "Endpoints");
        foreach (var (name, cluster) in config.Clusters)
        {
            var endpoints = cluster.Endpoints.Source is { } source ? source.Name : string.Join("\n", cluster.Endpoints.Static.Select(e => e.Address));
            table.AddRow(Text(name), Text(cluster.LoadBalancer.Key), Text(endpoints));
        }

        return table;
    }

    private static string Target(RouteConfig route)
    {
        if (route.Redirect is { } redirect)
        {
            return $"{redirect.Status} redirect";
        }

        if (route.Respond is { } respond)
        {
            return $"{respond.Status} response";
        }

        var clusters = route.Clusters is { } parts ? string.Join(", ", parts.Select(p => $"{p.Cluster} ({p.Weight})")) : route.Cluster ?? "";
        return route.Rewrite?.Path is { } path ? $"{clusters} as {path}" : clusters;
    }

    private static Table Start(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns(columns);
        return table;
    }

    private static Text Text(string text) => new(text);
}
