using FilterProxy.Core.Routing;

namespace FilterProxy.Tests.Routing;

/// <summary>Short ways to write rules; a rule's value is its name.</summary>
internal static class Rules
{
    public static RouteRule<string> Rule(string name, string? host = null, string? path = null) => new()
    {
        Name = name,
        Value = name,
        Hosts = host is null ? [] : [.. host.Split(' ').Select(HostPattern.Parse)],
        Paths = path is null ? [] : path.StartsWith('~') ? [PathPattern.Parse(path)] : [.. path.Split(' ').Select(PathPattern.Parse)],
    };

    public static RouteTable<string> Table(params RouteRule<string>[] rules) =>
        RouteTable<string>.Build([.. rules.Select((rule, i) => rule with { Order = i })]);

    public static string? Match(this RouteTable<string> table, RequestHead head, string listener = "web") =>
        table.TryMatch(head, listener, new RouteCaptures(), out var value) ? value : null;
}
