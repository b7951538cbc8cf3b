using FilterProxy.Core.Routing;
using Xunit;
using static FilterProxy.Tests.Routing.Rules;

namespace FilterProxy.Tests.Routing;

public sealed class RouteTableScaleTests
{
    private const int Routes = 10_000;

    [Fact]
    public void Matches_among_ten_thousand_routes_without_allocating()
    {
        var rules = Enumerable.Range(0, Routes).Select(i => (i % 5) switch
        {
            0 => Rule($"r{i}", $"h{i}.example.com", "/*"),
            1 => Rule($"r{i}", "*.example.com", $"/service-{i}/*"),
            2 => Rule($"r{i}", path: $"/service-{i}/exact"),
            3 => Rule($"r{i}", path: $"/users/{{id}}/service-{i}/{{rest*}}"),
            _ => Rule($"r{i}", $"*.t{i}.example.com", "/{a}/{b}") with
            {
                Methods = ["GET"],
                Headers = [new("x-tenant", ValueMatcher.Exact("t"))],
                Query = [new("q", ValueMatcher.Exact("a b"))],
            },
        }).Append(Rule("regex", path: "~ ^/v[0-9]+/")).ToArray();
        var table = Table(rules);
        (string Expected, RequestHead Head)[] requests =
        [
            ("r9995", RequestHeads.Get("/x", "h9995.Example.com:8443")),
            ("r9996", RequestHeads.Get("/service-9996/x", "a.b.example.com")),
            ("r9997", RequestHeads.Get("/service-9997/exact", "other")),
            ("r9998", RequestHeads.Get("/users/42/service-9998/a/b", "other")),
            ("r9999", RequestHeads.Get("/1/2?x&q=a%20b", "x.t9999.example.com", ("x-tenant", "t"))),
            ("regex", RequestHeads.Get("/v12/x", "other")),
            ("", RequestHeads.Get("/nowhere/to/be/found", "other")),
        ];
        var captures = new RouteCaptures();
        foreach (var (expected, head) in requests)
        {
            Assert.Equal(expected, table.TryMatch(head, "web", captures, out var value) ? value : "");
        }

        var found = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            foreach (var (_, head) in requests)
            {
                found += table.TryMatch(head, "web", captures, out _) ? 1 : 0;
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(6000, found);
    }

    [Fact]
    public void Keeps_the_order_among_thousands_of_rules_for_one_path()
    {
        var rules = Enumerable.Range(0, Routes).Select(i => Rule($"r{i}", path: "/a") with
        {
            Headers = [new("x-tenant", ValueMatcher.Exact($"{i / 2}"))],
        });

        var table = Table([.. rules, Rule("rest", path: "/a")]);

        Assert.Equal("r9998", table.Match(RequestHeads.Get("/a", headers: ("x-tenant", "4999"))));
        Assert.Equal("rest", table.Match(RequestHeads.Get("/a", headers: ("x-tenant", "5000"))));
    }
}
