using System.Text;
using FilterProxy.Filters.ReverseTunnel.Services;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

public sealed class HostTableTests
{
    private readonly HostTable _table = new();

    public HostTableTests()
    {
        foreach (var (host, path) in new[]
        {
            ("app.example.com", ""), ("app.example.com", "/api"), ("app.example.com", "/api/v2/"), ("*.example.com", ""), ("*.a.example.com", ""), ("only.test", "/x"),
        })
        {
            _table.Add(host, path, new ServiceClaim(new ServiceRecord(new ServiceOwner("acme", "shop", host + path))));
        }
    }

    [Theory]
    [InlineData("app.example.com", "/", "app.example.com")]
    [InlineData("APP.Example.com", "/apis", "app.example.com")]
    [InlineData("app.example.com", "/api", "app.example.com/api")]
    [InlineData("app.example.com", "/api/v2", "app.example.com/api")]
    [InlineData("app.example.com", "/api/v2/x", "app.example.com/api/v2/")]
    [InlineData("b.example.com", "/", "*.example.com")]
    [InlineData("x.b.example.com", "/", "*.example.com")]
    [InlineData("x.a.example.com", "/", "*.a.example.com")]
    [InlineData("x.y.a.example.com", "/", "*.a.example.com")]
    [InlineData("a.example.com", "/", "*.example.com")]
    [InlineData("only.test", "/x/y", "only.test/x")]
    [InlineData("only.test", "/", null)]
    [InlineData("example.com", "/", null)]
    [InlineData("evilexample.com", "/", null)]
    [InlineData(".example.com", "/", null)]
    [InlineData("", "/", null)]
    [InlineData("*", "/", null)]
    public void The_most_exact_host_and_then_the_longest_path_serves(string host, string path, string? service) =>
        Assert.Equal(service, _table.Find(Encoding.ASCII.GetBytes(host), Encoding.ASCII.GetBytes(path))?.Owner.Service);

    [Fact]
    public void A_name_longer_than_any_host_is_nobodys() => Assert.Null(_table.Find(Encoding.ASCII.GetBytes(new string('a', 300) + ".example.com"), "/"u8));

    [Fact]
    public void What_is_taken_away_is_not_found_and_leaves_the_other_paths()
    {
        _table.Remove("app.example.com", _table.Find("app.example.com"u8, "/api"u8)!);
        Assert.Equal("app.example.com", _table.Find("app.example.com"u8, "/api"u8)!.Owner.Service);
        _table.Remove("only.test", _table.Find("only.test"u8, "/x"u8)!);
        Assert.Null(_table.Find("only.test"u8, "/x"u8));
    }
}
