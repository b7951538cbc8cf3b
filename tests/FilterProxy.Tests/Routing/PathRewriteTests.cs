using System.Text;
using FilterProxy.Core.Routing;
using Xunit;
using static FilterProxy.Tests.Routing.Rules;

namespace FilterProxy.Tests.Routing;

public sealed class PathRewriteTests
{
    [Theory]
    [InlineData("/api", "/api/x", "/x")]
    [InlineData("/api", "/api/", "/")]
    [InlineData("/api", "/api", "/")]
    [InlineData("/api", "/apix", "/apix")]
    [InlineData("/api", "/other/api", "/other/api")]
    [InlineData("/api/", "/api/x", "/x")]
    [InlineData("/api/v1", "/api/v1/x/", "/x/")]
    [InlineData("/", "/x", "/x")]
    [InlineData("/api", "*", "*")]
    [InlineData("/api", "", "")]
    public void Strips_a_prefix_on_a_segment_boundary(string prefix, string path, string expected) =>
        AssertRewrite(expected, new() { StripPrefix = prefix }, path);

    [Theory]
    [InlineData("/v1", "/x", "/v1/x")]
    [InlineData("/v1/", "/x", "/v1/x")]
    [InlineData("/v1", "/", "/v1/")]
    [InlineData("/", "/x", "/x")]
    [InlineData("/v1", "*", "*")]
    public void Adds_a_prefix(string prefix, string path, string expected) => AssertRewrite(expected, new() { AddPrefix = prefix }, path);

    [Theory]
    [InlineData("/api/x", "/v1/x")]
    [InlineData("/api", "/v1/")]
    [InlineData("/other", "/v1/other")]
    public void Exchanges_one_prefix_for_another(string path, string expected) =>
        AssertRewrite(expected, new() { StripPrefix = "/api", AddPrefix = "/v1" }, path);

    [Theory]
    [InlineData("/api/oauth/x", "/oauth/api/x")]
    [InlineData("/api/oauth/x/y/", "/oauth/api/x/y/")]
    [InlineData("/api/oauth", "/oauth/api")]
    [InlineData("/api/oauth/", "/oauth/api/")]
    public void Turns_a_path_around_by_template(string path, string expected) =>
        AssertRewrite(expected, new() { Template = "/{service}/api/{rest}" }, path, "/api/{service}/{rest*}");

    [Theory]
    [InlineData("/{rest}", "/f", "/")]
    [InlineData("/{rest}", "/f/", "/")]
    [InlineData("/{rest}", "/f/a/b", "/a/b")]
    [InlineData("/x/{rest}/y", "/f", "/x/y")]
    [InlineData("/x/{rest}/y", "/f/", "/x/y")]
    [InlineData("/x/{rest}/y", "/f/a/b", "/x/a/b/y")]
    [InlineData("/x-{rest}", "/f", "/x-")]
    [InlineData("/fixed", "/f/a", "/fixed")]
    [InlineData("/{rest}/{rest}", "/f/a", "/a/a")]
    [InlineData("/é/{rest}", "/f/a", "/%C3%A9/a")]
    public void Fills_a_template_from_captures(string template, string path, string expected) =>
        AssertRewrite(expected, new() { Template = template }, path, "/f/{rest*}");

    [Fact]
    public void Fills_a_template_from_the_path_that_was_matched_even_if_a_filter_changed_it_since()
    {
        var (head, captures) = Match("/users/42", "/users/{id}");
        head.SetPath("/y"u8);

        Assert.False(Compile(new() { Template = "/u/{id}" }, "id").Apply(head, captures).IsError);

        Assert.Equal("/u/42", head.PathText);
    }

    [Fact]
    public void Puts_a_prefix_before_a_template() =>
        AssertRewrite("/v1/u/42", new() { Template = "/u/{id}", AddPrefix = "/v1" }, "/users/42", "/users/{id}");

    [Theory]
    [InlineData("^/old/(.*)$", "/new/$1", "/old/x", "/new/x")]
    [InlineData("^/old/(.*)$", "/new/$1", "/other", "/other")]
    [InlineData("^/(?<a>[^/]+)/(?<b>[^/]+)$", "/${b}/${a}", "/1/2", "/2/1")]
    [InlineData("x", "yy", "/x/x", "/yy/yy")]
    public void Replaces_by_regular_expression(string pattern, string replacement, string path, string expected) =>
        AssertRewrite(expected, new() { Pattern = pattern, Replacement = replacement }, path);

    [Theory]
    [InlineData("^/old(.*)$", "/new/$1", "/old..", "path_rewrite_dot_segment")]
    [InlineData("^/old/(.*)$", "$1", "/old/x", "path_rewrite_invalid")]
    [InlineData("^/old/(.*)$", "/a?b", "/old/x", "path_rewrite_invalid")]
    [InlineData("^/old/(.*)$", "/a b", "/old/x", "path_rewrite_invalid")]
    public void Fails_as_a_value_when_a_replacement_makes_no_safe_path(string pattern, string replacement, string path, string detail)
    {
        var (head, captures) = Match(path, "/*");

        var error = Compile(new() { Pattern = pattern, Replacement = replacement }).Apply(head, captures);

        Assert.Equal(detail, error.Detail);
        Assert.Equal(path, head.PathText);
    }

    [Fact]
    public void Preserves_the_query()
    {
        var (head, captures) = Match("/api/x?a=%zz&b", "/*");

        Compile(new() { StripPrefix = "/api" }).Apply(head, captures);

        Assert.Equal("/x", head.PathText);
        Assert.Equal("a=%zz&b", Encoding.ASCII.GetString(head.Query));
    }

    [Theory]
    [InlineData("/a", "/b", null, null, "either")]
    [InlineData(null, "/{nope}", null, null, "no parameter 'nope'")]
    [InlineData(null, "x", null, null, "begins with '/'")]
    [InlineData(null, "/{a", null, null, "braces")]
    [InlineData(null, "/a}", null, null, "braces")]
    [InlineData(null, "/a?b", null, null, "'?'")]
    [InlineData("api", null, null, null, "begins with '/'")]
    [InlineData(null, null, "x", null, "go together")]
    [InlineData(null, null, null, "x", "go together")]
    [InlineData(null, null, "(", "x", "(")]
    public void Refuses_a_rule_with_a_reason(string? strip, string? template, string? pattern, string? replacement, string reason)
    {
        var rule = new PathRewriteRule { StripPrefix = strip, Template = template, Pattern = pattern, Replacement = replacement };

        Assert.False(PathRewrite.TryCompile(rule, ["a"], out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Allocates_nothing_without_a_regular_expression()
    {
        var (head, captures) = Match("/api/oauth/x/y", "/api/{service}/{rest*}");
        var rewrites = new[]
        {
            Compile(new() { StripPrefix = "/api", AddPrefix = "/v1" }),
            Compile(new() { Template = "/{service}/api/{rest}" }, "service", "rest"),
        };
        var (path, start) = (head.PathRange, head.Block.Length);
        head.Block.GetSpan(1000);

        long allocated = 0;
        for (var i = 0; i < 1000; i++)
        {
            foreach (var rewrite in rewrites)
            {
                head.Block.Truncate(start);
                head.SetPathAndQuery(path, default, false);
                var before = GC.GetAllocatedBytesForCurrentThread();
                rewrite.Apply(head, captures);
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }

        Assert.Equal(0, allocated);
        Assert.Equal("/oauth/api/x/y", head.PathText);
    }

    private static void AssertRewrite(string expected, PathRewriteRule rule, string path, string? pattern = null)
    {
        var (head, captures) = Match(path, pattern);
        var names = pattern is null ? [] : PathPattern.Parse(pattern).ParameterNames;

        var error = Compile(rule, names).Apply(head, captures);

        Assert.False(error.IsError, error.Detail);
        Assert.Equal(expected, head.PathText);
    }

    private static PathRewrite Compile(PathRewriteRule rule, params string[] captures) =>
        PathRewrite.TryCompile(rule, captures, out var rewrite, out var error) ? rewrite : throw new ArgumentException(error);

    private static (RequestHead Head, RouteCaptures Captures) Match(string target, string? pattern)
    {
        var head = RequestHeads.Get(target);
        var captures = new RouteCaptures();
        Assert.True(Table(Rule("r", path: pattern)).TryMatch(head, "web", captures, out _));
        return (head, captures);
    }
}
