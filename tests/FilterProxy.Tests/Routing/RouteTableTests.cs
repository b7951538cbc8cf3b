using System.Text;
using FilterProxy.Core.Routing;
using Xunit;
using static FilterProxy.Tests.Routing.Rules;

namespace FilterProxy.Tests.Routing;

public sealed class RouteTableTests
{
    [Theory]
    [InlineData("a.example.com", "exact")]
    [InlineData("A.Example.Com:8080", "exact")]
    [InlineData("a.example.com:9090", "exact with port")]
    [InlineData("x.b.example.com", "longer wildcard")]
    [InlineData("b.example.com", "shorter wildcard")]
    [InlineData("example.com", "any")]
    [InlineData("other:7070", "any with port")]
    [InlineData("", "any")]
    public void Prefers_the_more_specific_host(string authority, string expected)
    {
        var table = Table(
            Rule("any"),
            Rule("any with port", "*:7070"),
            Rule("shorter wildcard", "*.example.com"),
            Rule("longer wildcard", "*.b.example.com"),
            Rule("exact", "a.example.com"),
            Rule("exact with port", "a.example.com:9090"));

        Assert.Equal(expected, table.Match(RequestHeads.Get("/", authority)));
    }

    [Theory]
    [InlineData("/a/b", "exact")]
    [InlineData("/a/c", "regex 1")]
    [InlineData("/a/d", "regex 2")]
    [InlineData("/a/x/y", "literal, parameter, literal")]
    [InlineData("/a/x/z", "literal, parameter")]
    [InlineData("/a/x", "longer prefix")]
    [InlineData("/q/x/y", "parameter first")]
    [InlineData("/q/x/w", "shorter prefix")]
    [InlineData("/", "shorter prefix")]
    [InlineData("*", "no path")]
    public void Prefers_the_more_specific_path(string path, string expected)
    {
        var table = Table(
            Rule("no path"),
            Rule("shorter prefix", path: "/*"),
            Rule("longer prefix", path: "/a/*"),
            Rule("parameter first", path: "/{x}/x/y"),
            Rule("literal, parameter", path: "/a/{x}/{y}"),
            Rule("literal, parameter, literal", path: "/a/{x}/y"),
            Rule("regex 1", path: "~ ^/a/[bc]$"),
            Rule("regex 2", path: "~ ^/a/[bcd]$"),
            Rule("exact", path: "/a/b"));

        Assert.Equal(expected, table.Match(RequestHeads.Get(path)));
    }

    [Fact]
    public void Prefers_host_over_path() =>
        Assert.Equal("host", Table(Rule("path", path: "/a"), Rule("host", "example.com")).Match(RequestHeads.Get("/a")));

    [Fact]
    public void Prefers_more_conditions_between_equal_paths()
    {
        var table = Table(
            Rule("none", path: "/a"),
            Rule("one", path: "/a") with { Methods = ["GET"] },
            Rule("two", path: "/a") with { Methods = ["GET"], Listeners = ["web"] });

        Assert.Equal("two", table.Match(RequestHeads.Get("/a")));
        Assert.Equal("one", table.Match(RequestHeads.Get("/a"), "other"));
        Assert.Equal("none", table.Match(RequestHeads.Make("POST", "/a")));
    }

    [Fact]
    public void Decides_between_equals_by_configuration_order()
    {
        var rules = new[] { Rule("later", path: "/{x}") with { Order = 2 }, Rule("earlier", path: "/{y}") with { Order = 1 } };

        Assert.Equal("earlier", RouteTable<string>.Build(rules).Match(RequestHeads.Get("/a")));
    }

    [Fact]
    public void Tries_regular_expressions_in_configuration_order_and_equal_ones_by_conditions()
    {
        var table = Table(
            Rule("first", path: "~ ^/a"),
            Rule("second", path: "~ ^/ab") with { Methods = ["GET"] },
            Rule("first, canary", path: "~ ^/a") with { Headers = [new("x-canary", ValueMatcher.Present)] });

        Assert.Equal("first", table.Match(RequestHeads.Get("/ab")));
        Assert.Equal("first, canary", table.Match(RequestHeads.Get("/ab", headers: ("x-canary", "1"))));
    }

    [Fact]
    public void Falls_through_to_less_specific_paths_and_hosts_when_conditions_fail()
    {
        RouteRule<string> OnlyPut(RouteRule<string> rule) => rule with { Methods = ["PUT"] };
        var table = Table(
            OnlyPut(Rule("exact", "a.example.com", "/x/y")),
            OnlyPut(Rule("regex", "a.example.com", "~ ^/x/y")),
            OnlyPut(Rule("template", "a.example.com", "/x/{id}")),
            OnlyPut(Rule("prefix", "a.example.com", "/x/*")),
            OnlyPut(Rule("wildcard", "*.example.com", "/x/y")),
            Rule("last", "*", "/{a}/{b}"));
        var captures = new RouteCaptures();
        var head = RequestHeads.Get("/x/y", "a.example.com");

        Assert.True(table.TryMatch(head, "web", captures, out var value));

        Assert.Equal("last", value);
        Assert.Equal(["a=x", "b=y"], Enumerable.Range(0, captures.Count).Select(i => Capture(captures, i, head)));
    }

    [Fact]
    public void Goes_back_when_a_fixed_segment_leads_nowhere()
    {
        var table = Table(Rule("literal", path: "/a/b/c"), Rule("other", path: "/a/{x}/d/{y}"), Rule("parameter", path: "/{x}/b/{y}/e"));

        Assert.Equal("parameter", table.Match(RequestHeads.Get("/a/b/c/e")));
    }

    [Fact]
    public void Captures_parameters_and_the_rest()
    {
        var table = Table(Rule("r", path: "/users/{id}/files/{rest*}"));
        var captures = new RouteCaptures();
        var head = RequestHeads.Get("/users/42/files/a/b.txt?x=1");

        Assert.True(table.TryMatch(head, "web", captures, out _));

        Assert.True(captures.TryGet("id", head.Path, out var id));
        Assert.Equal("42", Encoding.ASCII.GetString(id));
        Assert.True(captures.TryGet("rest", head.Path, out var rest));
        Assert.Equal("a/b.txt", Encoding.ASCII.GetString(rest));
        Assert.False(captures.TryGet("other", head.Path, out _));
    }

    [Fact]
    public void Captures_outlive_a_change_of_the_path()
    {
        var captures = new RouteCaptures();
        var head = RequestHeads.Get("/users/42");
        Table(Rule("r", path: "/users/{id}")).TryMatch(head, "web", captures, out _);

        head.SetPath("/x"u8);

        Assert.True(captures.TryGet("id", head, out var id));
        Assert.Equal("42", Encoding.ASCII.GetString(id));
        Assert.False(captures.TryGet("id", head.Path, out _));
    }

    [Fact]
    public void Forgets_the_captures_of_the_match_before()
    {
        var table = Table(Rule("a", path: "/a/{id}"), Rule("b", path: "/b"));
        var captures = new RouteCaptures();
        table.TryMatch(RequestHeads.Get("/a/1"), "web", captures, out _);

        Assert.True(table.TryMatch(RequestHeads.Get("/b"), "web", captures, out _));

        Assert.Equal(0, captures.Count);
    }

    [Fact]
    public void Holds_sixteen_parameters_and_an_unnamed_rest()
    {
        var names = Enumerable.Range(0, RouteCaptures.Capacity).Select(i => $"p{i}").ToArray();
        var table = Table(Rule("r", path: string.Concat(names.Select(n => $"/{{{n}}}")) + "/*"));
        var captures = new RouteCaptures();
        var head = RequestHeads.Get(string.Concat(Enumerable.Range(0, 18).Select(i => $"/v{i}")));

        Assert.True(table.TryMatch(head, "web", captures, out _));

        Assert.Equal(RouteCaptures.Capacity, captures.Count);
        Assert.Equal("p15=v15", Capture(captures, 15, head));
    }

    [Fact]
    public void Uses_the_captures_of_the_path_that_matched_when_a_rule_has_several()
    {
        var table = Table(Rule("r", "a.com b.com", "/x/{id} /y/z/{id}"));
        var captures = new RouteCaptures();
        var head = RequestHeads.Get("/y/z/7", "b.com");

        Assert.True(table.TryMatch(head, "web", captures, out _));

        Assert.Equal("id=7", Capture(captures, 0, head));
    }

    [Fact]
    public void Matches_nothing_when_it_is_empty() => Assert.Null(Table().Match(RequestHeads.Get("/")));

    [Fact]
    public void Ignores_hosts_that_are_too_long_to_be_one() =>
        Assert.Equal("any", Table(Rule("a", "a"), Rule("any")).Match(RequestHeads.Get("/", new string('a', 300))));

    [Fact]
    public void Explains_for_every_route_why_it_did_not_match()
    {
        var table = Table(
            Rule("host", "other.com"),
            Rule("path", path: "/b"),
            Rule("listener") with { Listeners = ["internal"] },
            Rule("method") with { Methods = ["PUT"] },
            Rule("header") with { Headers = [new("x-a", ValueMatcher.Exact("1"))] },
            Rule("query") with { Query = [new("q", ValueMatcher.Present)] },
            Rule("matches too"),
            Rule("wins", path: "/a"));

        var explained = table.Explain(RequestHeads.Get("/a"), "web").Select(r => (r.Route, r.Matches, r.Wins, r.Obstacle));

        Assert.Equal(
            [
                ("host", false, false, "host"),
                ("path", false, false, "path"),
                ("listener", false, false, "listener"),
                ("method", false, false, "method"),
                ("header", false, false, "header x-a"),
                ("query", false, false, "query q"),
                ("matches too", true, false, null),
                ("wins", true, true, (string?)null),
            ],
            explained);
    }

    private static string Capture(RouteCaptures captures, int index, RequestHead head)
    {
        var range = captures.GetRange(index);
        return $"{captures.GetName(index)}={head.PathText.AsSpan(range.Start, range.Length)}";
    }
}
