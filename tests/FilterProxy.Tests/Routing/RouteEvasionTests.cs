using FilterProxy.Core.Routing;
using Xunit;
using static FilterProxy.Tests.Routing.Rules;

namespace FilterProxy.Tests.Routing;

/// <summary>Spellings of a protected path, through normaliser and table together: either the guarded route gets them, or nobody.</summary>
public sealed class RouteEvasionTests
{
    [Theory]
    [InlineData("/admin", "guarded")]
    [InlineData("/%61dmin", "guarded")]
    [InlineData("/%61%64%6d%69%6E", "guarded")]
    [InlineData("//admin", "guarded")]
    [InlineData("/./admin", "guarded")]
    [InlineData("/x/../admin", "guarded")]
    [InlineData("/x/%2e%2e/admin/", "guarded")]
    [InlineData("/x//..//admin", "guarded")]
    [InlineData("/admin/../admin/x", "guarded")]
    [InlineData("/admin/../x", "open")]
    [InlineData("/admin/%2e%2e/x", "open")]
    [InlineData("/admin%2fx", "open")]
    [InlineData("/admin;x", "open")]
    [InlineData("/admin\\x", "open")]
    [InlineData("/adminx", "open")]
    [InlineData("/Admin", "open")]
    [InlineData("/x/..%2fadmin", "path refused: encoded_dot_segment")]
    [InlineData("/../admin", "path refused: path_above_root")]
    [InlineData("/%2561dmin", "open")]
    public void Decides_on_the_bytes_the_upstream_gets(string path, string expected)
    {
        var head = RequestHeads.Get(path);
        var error = PathNormalizer.Apply(head, new PathRules());
        var table = Table(Rule("guarded", path: "/admin/*"), Rule("open", path: "/*"));

        Assert.Equal(expected, error.IsError ? $"path refused: {error.Detail}" : table.Match(head));
    }

    [Theory]
    [InlineData("/admin%2fx")]
    [InlineData("/admin%2Fx")]
    [InlineData("/x%2f../admin")]
    public void Guards_encoded_slashes_too_when_they_are_decoded(string path)
    {
        var head = RequestHeads.Get(path);

        Assert.False(PathNormalizer.Apply(head, new PathRules(EncodedSlashes: EncodedSlashPolicy.Decode)).IsError);

        Assert.Equal("guarded", Table(Rule("guarded", path: "/admin/*"), Rule("open", path: "/*")).Match(head));
    }
}
