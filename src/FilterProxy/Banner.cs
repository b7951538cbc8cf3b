using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Host.Samples;

namespace FilterProxy.Host;

/// <summary>What the process says once it serves: listeners, routes and clusters. Plain text, because it often goes to a log.</summary>
internal static class Banner
{
    public static void Print(TextWriter writer, string file, Engine engine, ProxyConfig config, SampleApps? samples, string? admin)
    {
        writer.WriteLine($"FilterProxy {CommandLine.Version}, configuration {file}");
        foreach (var table in new[] { Listeners(engine, config), Routes(config), Clusters(config) }.Where(table => !table.IsEmpty))
        {
            writer.WriteLine();
            table.Write(writer);
        }

        writer.WriteLine();
        if (admin is not null)
        {
            writer.WriteLine($"Admin API on {admin}");
        }

        foreach (var line in samples?.Notes ?? [])
        {
            writer.WriteLine(line);
        }

        writer.WriteLine("Ready.");
    }

    private static TextTable Listeners(Engine engine, ProxyConfig config)
    {
        var table = new TextTable("Listener", "Address", "Filters");
        foreach (var listener in engine.Listeners)
        {
            table.Add(listener.Name, string.Join('\n', listener.Addresses), Keys(config.Listeners[listener.Name].Filters));
        }

        foreach (var listener in engine.DatagramListeners)
        {
            table.Add(listener.Plan.Name, $"udp://{listener.Address}", config.UdpListeners[listener.Plan.Name].Service.Key);
        }

        return table;
    }

    private static TextTable Routes(ProxyConfig config)
    {
        var table = new TextTable("Route", "Host", "Path", "Goes to");
        foreach (var route in config.Routes)
        {
            table.Add(route.Name, Any(route.Match.Host), Any(route.Match.Path), Target(route));
        }

        return table;
    }

    private static TextTable Clusters(ProxyConfig config)
    {
        var table = new TextTable("Cluster", "Load balancer", "Endpoints");
        foreach (var (name, cluster) in config.Clusters)
        {
            var endpoints = cluster.Endpoints.Source is { } source ? source.Name : string.Join('\n', cluster.Endpoints.Static.Select(e => e.Address));
            table.Add(name, cluster.LoadBalancer.Key, endpoints);
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

    private static string Any(IReadOnlyList<string> patterns) => patterns.Count == 0 ? "any" : string.Join('\n', patterns);

    private static string Keys(IReadOnlyList<ComponentConfig> components) =>
        components.Count == 0 ? "-" : string.Join(", ", components.Select(component => component.Key));
}
