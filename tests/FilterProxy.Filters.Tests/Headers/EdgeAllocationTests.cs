using System.Net;
using FilterProxy.Filters.Cors;
using FilterProxy.Filters.Headers;
using FilterProxy.Filters.IpAccess;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Headers;

/// <summary>What stands before most APIs costs a request no memory, and its body none of the fast path.</summary>
public sealed class EdgeAllocationTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public void Headers_cors_and_ip_access_together_allocate_nothing()
    {
        // Every edit appends to a head block, which grows when it is full: the large fields make room for all rounds.
        var room = new string('x', 1 << 20);
        using var exchange = TestExchange.Get("/a").From("10.1.2.3").WithHeader("origin", "https://a.example.com").WithHeader("x-room", room).WithResponse(200, "", ("x-room", room));
        IHttpFilter[] filters = Filters();
        Assert.Equal(0, Allocations.Of(() =>
        {
            foreach (var filter in filters)
            {
                Assert.True(((IRequestFilter)filter).OnRequestAsync(exchange).IsCompletedSuccessfully);
            }

            foreach (var filter in filters)
            {
                Assert.True((filter as IResponseFilter)?.OnResponseAsync(exchange).IsCompletedSuccessfully ?? true);
            }
        }));
    }

    [Fact]
    public void None_of_them_asks_for_a_body() => Assert.All(Filters(), filter => Assert.False(filter is IRequestBodyFilter or IResponseBodyFilter));

    private IHttpFilter[] Filters() =>
    [
        new IpAccessFilter(new() { Allow = [IPNetwork.Parse("10.0.0.0/8")], Deny = [IPNetwork.Parse("10.9.0.0/16")] }, _context),
        new CorsFilter(new() { Origins = ["https://*.example.com"], Credentials = true }),
        new HeadersFilter(
            new()
            {
                Request = new() { Set = new Dictionary<string, Template> { ["x-client"] = Template.Parse("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%") } },
                Response = new() { Set = new Dictionary<string, Template> { ["x-frame-options"] = Template.Parse("DENY") }, Remove = ["x-powered-by"] },
            },
            _context),
    ];
}
