using System.Text;
using FilterProxy.Core.Routing;
using Xunit;

namespace FilterProxy.Tests.Routing;

public sealed class PathPatternTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/exact", "/exact")]
    [InlineData("/exact/", "/exact/")]
    [InlineData("/admin/*", "/admin")]
    [InlineData("/admin/*", "/admin/")]
    [InlineData("/admin/*", "/admin/x")]
    [InlineData("/admin/*", "/admin/x/y/")]
    [InlineData("/*", "/")]
    [InlineData("/*", "/a/b")]
    [InlineData("/users/{id}/posts", "/users/7/posts")]
    [InlineData("/users/{id}", "/users/7")]
    [InlineData("/files/{rest*}", "/files")]
    [InlineData("/files/{rest*}", "/files/")]
    [InlineData("/files/{rest*}", "/files/a/b")]
    [InlineData("/{a}/{b}/*", "/1/2")]
    [InlineData("/caf%c3%a9", "/caf%C3%A9")]
    [InlineData("/café/*", "/caf%C3%A9/x")]
    [InlineData("/%61", "/a")]
    [InlineData("~ ^/v[0-9]+$", "/v12")]
    [InlineData("~x", "/a/x/b")]
    public void Matches(string pattern, string path) => Assert.True(IsMatch(pattern, path));

    [Theory]
    [InlineData("/", "/a")]
    [InlineData("/", "*")]
    [InlineData("/exact", "/exact/")]
    [InlineData("/exact/", "/exact")]
    [InlineData("/exact", "/Exact")]
    [InlineData("/exact", "/exact2")]
    [InlineData("/admin/*", "/adminx")]
    [InlineData("/admin/*", "/admi")]
    [InlineData("/admin/*", "/admin;x")]
    [InlineData("/admin/*", "/admin%2Fx")]
    [InlineData("/admin/*", "/")]
    [InlineData("/*", "*")]
    [InlineData("/*", "")]
    [InlineData("/users/{id}", "/users/")]
    [InlineData("/users/{id}", "/users")]
    [InlineData("/users/{id}", "/users/7/")]
    [InlineData("/users/{id}/posts", "/users//posts")]
    [InlineData("/files/{rest*}", "/filesx")]
    [InlineData("/{a}/{b}/*", "/1/")]
    [InlineData("~ ^/v[0-9]+$", "/v12x")]
    public void Does_not_match(string pattern, string path) => Assert.False(IsMatch(pattern, path));

    [Theory]
    [InlineData("", "begins with '/'")]
    [InlineData("admin", "begins with '/'")]
    [InlineData("*", "begins with '/'")]
    [InlineData("/{id}/{id}", "two parameters named 'id'")]
    [InlineData("/{a}/{a*}", "two parameters named 'a'")]
    [InlineData("/{rest*}/x", "nothing may follow")]
    [InlineData("/a/*/b", "last segment")]
    [InlineData("/a*", "whole segment")]
    [InlineData("/a{id}", "whole segment")]
    [InlineData("/{id}.json", "whole segment")]
    [InlineData("/{}", "whole segment")]
    [InlineData("/{", "whole segment")]
    [InlineData("/}", "whole segment")]
    [InlineData("/{a b}", "whole segment")]
    [InlineData("/a?b", "'?'")]
    [InlineData("/a#b", "'#'")]
    [InlineData("/a b", "percent-encoded")]
    [InlineData("/a%4", "hexadecimal")]
    [InlineData("/a%00", "%00")]
    [InlineData("/a/../b", "dot segments")]
    [InlineData("/%2e/b", "dot segments")]
    [InlineData("~", "followed by")]
    [InlineData("~ (", "(")]
    [InlineData("~ (?=a)", "look-around")]
    [InlineData("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}", "more than 16")]
    public void Refuses_a_pattern_with_a_reason(string pattern, string reason)
    {
        Assert.False(PathPattern.TryParse(pattern, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_its_parameters_in_order() =>
        Assert.Equal(["a", "b", "rest"], PathPattern.Parse("/{a}/x/{b}/{rest*}").ParameterNames);

    // A lone pattern in a table must say what the pattern itself says: they are two implementations.
    private static bool IsMatch(string text, string path)
    {
        var pattern = PathPattern.Parse(text);
        var matches = pattern.Matches(Encoding.Latin1.GetBytes(path));
        var table = RouteTable<int>.Build([new() { Name = "r", Value = 1, Paths = [pattern] }]);
        Assert.Equal(matches, table.TryMatch(RequestHeads.Get(path), "", new RouteCaptures(), out _));
        return matches;
    }
}
