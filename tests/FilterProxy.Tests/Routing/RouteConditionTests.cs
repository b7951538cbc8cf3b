using FilterProxy.Core.Routing;
using Xunit;
using static FilterProxy.Tests.Routing.Rules;

namespace FilterProxy.Tests.Routing;

public sealed class RouteConditionTests
{
    [Theory]
    [InlineData("exact", "blue", true)]
    [InlineData("exact", "Blue", false)]
    [InlineData("exact", "bluer", false)]
    [InlineData("exact", null, false)]
    [InlineData("prefix", "bluer", true)]
    [InlineData("prefix", "blu", false)]
    [InlineData("prefix", null, false)]
    [InlineData("regex", "xbluex", true)]
    [InlineData("regex", "green", false)]
    [InlineData("regex", null, false)]
    [InlineData("any of", "blue", true)]
    [InlineData("any of", "green", true)]
    [InlineData("any of", "red", false)]
    [InlineData("present", "", true)]
    [InlineData("present", null, false)]
    [InlineData("absent", "x", false)]
    [InlineData("absent", null, true)]
    public void Looks_at_header_and_query_values_alike(string matcher, string? value, bool expected)
    {
        var byHeader = Table(Rule("r") with { Headers = [new("X-Color", Matcher(matcher))] });
        var byQuery = Table(Rule("r") with { Query = [new("color", Matcher(matcher))] });
        (string, string)[] headers = value is null ? [] : [("x-color", value)];

        Assert.Equal(expected, byHeader.Match(RequestHeads.Get("/", headers: headers)) is not null);
        Assert.Equal(expected, byQuery.Match(RequestHeads.Get(value is null ? "/" : "/?color=" + value)) is not null);
    }

    [Theory]
    [InlineData("accept")]
    [InlineData("X-Other")]
    public void Finds_a_value_on_any_line_of_a_header(string name)
    {
        var table = Table(Rule("r") with { Headers = [new(name, ValueMatcher.Exact("b"))] });

        Assert.Equal("r", table.Match(RequestHeads.Get("/", headers: [(name, "a"), (name, "b")])));
    }

    [Theory]
    [InlineData("?q=a b", "?q=a%20b", true)]
    [InlineData("?q=a b", "?q=a+b", true)]
    [InlineData("?q=a+b", "?q=a%2Bb", true)]
    [InlineData("?q=a+b", "?q=a+b", false)]
    [InlineData("?q=é", "?q=%C3%A9", true)]
    [InlineData("?q=x", "?%71=%78", true)]
    [InlineData("?q=x", "?q=y&q=x", true)]
    [InlineData("?q=x", "?a=1&&q=x&b", true)]
    [InlineData("?q=", "?q", true)]
    [InlineData("?q=", "?q=", true)]
    [InlineData("?q=x", "?qq=x", false)]
    [InlineData("?q=x", "?Q=x", false)]
    [InlineData("?q=%", "?q=%", true)]
    [InlineData("?q=%zz", "?q=%zz", true)]
    [InlineData("?q=a=b", "?q=a=b", true)]
    [InlineData("?q=a&b", "?q=a%26b", true)]
    public void Compares_query_parameters_decoded(string wanted, string query, bool expected)
    {
        var value = wanted[(wanted.IndexOf('=', StringComparison.Ordinal) + 1)..];
        var table = Table(Rule("r") with { Query = [new("q", ValueMatcher.Exact(value))] });

        Assert.Equal(expected, table.Match(RequestHeads.Get("/" + query)) is not null);
    }

    [Fact]
    public void Reads_queries_and_headers_of_any_length()
    {
        Assert.True(ValueMatcher.TryRegex("^a+b$", out var regex, out _));
        var value = new string('a', 5000) + "b";
        var table = Table(Rule("r") with { Query = [new("q", regex)], Headers = [new("x-long", regex)] });

        Assert.Equal("r", table.Match(RequestHeads.Get("/?x=" + value + "&q=" + value, headers: ("x-long", value))));
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("PURGE", true)]
    [InlineData("HEAD", false)]
    [InlineData("get", false)]
    [InlineData("PURGED", false)]
    public void Compares_methods_with_case(string method, bool expected)
    {
        var table = Table(Rule("r") with { Methods = ["GET", "PURGE"] });

        Assert.Equal(expected, table.Match(RequestHeads.Make(method, "/")) is not null);
    }

    [Theory]
    [InlineData("web", true)]
    [InlineData("admin", true)]
    [InlineData("other", false)]
    public void Asks_for_one_of_the_listeners(string listener, bool expected) =>
        Assert.Equal(expected, Table(Rule("r") with { Listeners = ["web", "admin"] }).Match(RequestHeads.Get("/"), listener) is not null);

    [Fact]
    public void Refuses_a_regular_expression_that_could_take_exponential_time()
    {
        Assert.False(ValueMatcher.TryRegex("(a)\\1", out _, out var error));
        Assert.Contains("back-references", error, StringComparison.Ordinal);
    }

    private static ValueMatcher Matcher(string name) => name switch
    {
        "exact" => ValueMatcher.Exact("blue"),
        "prefix" => ValueMatcher.Prefix("blue"),
        "any of" => ValueMatcher.AnyOf(["green", "blue"]),
        "present" => ValueMatcher.Present,
        "absent" => ValueMatcher.Absent,
        _ => ValueMatcher.TryRegex("blue", out var regex, out _) ? regex : throw new InvalidOperationException(),
    };
}
