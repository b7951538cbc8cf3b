using FilterProxy.Core.Clusters.Discovery;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters.Discovery;

public sealed class DnsEndpointsTests : IAsyncDisposable
{
    private readonly DnsServer _server = new();
    private readonly TestComponentContext _context = new();
    private readonly CancellationTokenSource _stop = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _server.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task Addresses_of_both_kinds_become_endpoints()
    {
        _server.Add("A", "app.test", 60, "10.0.0.2", "10.0.0.1", "10.0.0.2");
        _server.Add("AAAA", "app.test", 60, "2001:db8::1");
        Assert.Equal("10.0.0.1:80 10.0.0.2:80 [2001:db8::1]:80", await FirstAsync(new() { Host = "app.test" }));
    }

    [Theory]
    [InlineData("A", "10.0.0.1:8080")]
    [InlineData("Aaaa", "[2001:db8::1]:8080")]
    public async Task One_kind_may_be_asked_for(string records, string expected)
    {
        _server.Add("A", "app.test", 60, "10.0.0.1");
        _server.Add("AAAA", "app.test", 60, "2001:db8::1");
        Assert.Equal(expected, await FirstAsync(new() { Host = "app.test", Port = 8080, Records = Enum.Parse<DnsRecords>(records) }));
    }

    [Fact]
    public async Task Services_tell_ports_ranks_and_weights()
    {
        _server.AddService("_http._tcp.app.test", 60, (20, 5, 8081, "b.test"), (10, 0, 8080, "a.test"));
        _server.Add("A", "a.test", 60, "10.0.0.1");
        _server.Add("A", "b.test", 60, "10.0.0.2");
        var set = await SetsAsync(new() { Host = "_http._tcp.app.test", Records = DnsRecords.Srv }).FirstAsync();
        Assert.Equal(["10.0.0.1:8080 0 1", "10.0.0.2:8081 1 5"], set.Select(e => $"{e.Name} {e.Priority} {e.Weight}"));
    }

    [Fact]
    public async Task The_name_is_asked_for_again_when_its_time_is_up_and_changes_are_told()
    {
        _server.Add("A", "app.test", 1, "10.0.0.1");
        var sets = SetsAsync(new() { Host = "app.test", MinTtl = TimeSpan.FromMilliseconds(20), MaxTtl = TimeSpan.FromMilliseconds(20) }).GetAsyncEnumerator();
        await sets.MoveNextAsync();
        var next = sets.MoveNextAsync();
        await Poll.UntilAsync(() => _server.Questions >= 8);
        Assert.False(next.IsCompleted);
        _server.Add("A", "app.test", 1, "10.0.0.2");
        Assert.True(await next);
        Assert.Equal("10.0.0.2:80", sets.Current[0].Name);
    }

    [Fact]
    public async Task The_last_answer_stays_when_the_next_is_empty()
    {
        _server.Add("A", "app.test", 1, "10.0.0.1");
        var sets = SetsAsync(new() { Host = "app.test", MaxTtl = TimeSpan.FromMilliseconds(20), MinTtl = TimeSpan.FromMilliseconds(20) }).GetAsyncEnumerator();
        await sets.MoveNextAsync();
        _server.Records.Clear();
        var next = sets.MoveNextAsync();
        await Poll.UntilAsync(() => _server.Questions >= 8);
        Assert.False(next.IsCompleted);
        Assert.Contains(_context.LogLines, line => line.Contains("The answer for 'app.test' has no endpoint: the last one stays."));
        Assert.NotEqual(0, _context.Sum("filterproxy.upstream.discovery.problems"));
        _server.Add("A", "app.test", 1, "10.0.0.3");
        Assert.True(await next);
    }

    [Theory]
    [InlineData(2, "the server failed")]
    [InlineData(3, "there is no such name")]
    [InlineData(5, "the server refused")]
    public async Task A_server_that_says_no_is_an_error_with_its_reason(byte code, string reason)
    {
        _server.Code = code;
        Assert.Equal(reason, (await Assert.ThrowsAsync<DnsException>(() => FirstAsync(new() { Host = "app.test" }))).Message);
    }

    [Fact]
    public async Task A_server_that_is_silent_is_given_up()
    {
        _server.IsSilent = true;
        var error = await Assert.ThrowsAsync<DnsException>(() => FirstAsync(new() { Host = "app.test", Timeout = TimeSpan.FromMilliseconds(100) }));
        Assert.Equal("no name server answered within 0.1 s", error.Message);
    }

    [Fact]
    public async Task An_answer_that_was_cut_is_asked_for_by_TCP()
    {
        _server.Truncates = true;
        _server.Add("A", "app.test", 60, "10.0.0.1");
        Assert.Equal("10.0.0.1:80", await FirstAsync(new() { Host = "app.test", Records = DnsRecords.A }));
    }

    [Fact]
    public async Task Forbidden_addresses_are_left_out()
    {
        _server.Add("A", "app.test", 60, "127.0.0.1", "169.254.169.254", "10.0.0.1", "192.0.2.1", "0.0.0.0", "172.20.0.1");
        _server.Add("AAAA", "app.test", 60, "::1", "fe80::1", "fd00::1", "2001:db8::1", "::ffff:127.0.0.1");
        Assert.Equal("192.0.2.1:80 [2001:db8::1]:80", await FirstAsync(new()
        {
            Host = "app.test",
            Forbid = [ForbiddenAddresses.Loopback, ForbiddenAddresses.LinkLocal, ForbiddenAddresses.Private],
        }));
        Assert.Contains(_context.LogLines, line => line.Contains("169.254.169.254, which is forbidden (LinkLocal)"));
        Assert.Equal(9, _context.Sum("filterproxy.upstream.discovery.problems"));
    }

    [Fact]
    public async Task An_empty_answer_is_in_force_where_that_is_allowed()
    {
        _server.Add("A", "app.test", 1, "10.0.0.1");
        var sets = SetsAsync(new() { Host = "app.test", AllowEmpty = true, MaxTtl = TimeSpan.FromMilliseconds(20), MinTtl = TimeSpan.FromMilliseconds(20) }).GetAsyncEnumerator();
        await sets.MoveNextAsync();
        _server.Records.Clear();
        Assert.True(await sets.MoveNextAsync());
        Assert.Empty(sets.Current);
    }

    [Fact]
    public async Task Bytes_that_are_no_answer_are_an_error_and_nothing_worse()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        _server.Add("A", "app.test", 60, "10.0.0.1", "10.0.0.2");
        _server.Spoil = message =>
        {
            var spoiled = message[..random.Next(20, message.Length + 1)];
            for (var i = 0; i < 3; i++)
            {
                spoiled[random.Next(26, Math.Max(27, spoiled.Length)) % spoiled.Length] = (byte)random.Next(256);
            }

            spoiled[0] = message[0];
            return spoiled;
        };
        for (var i = 0; i < 200; i++)
        {
            try
            {
                await FirstAsync(new() { Host = "app.test", Records = DnsRecords.A, Timeout = TimeSpan.FromMilliseconds(20) });
            }
            catch (DnsException)
            {
                // Told from what is good.
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed}: {e}");
            }
        }
    }

    private async Task<string> FirstAsync(DnsEndpointOptions options) => string.Join(' ', (await SetsAsync(options).FirstAsync()).Select(endpoint => endpoint.Name));

    private IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> SetsAsync(DnsEndpointOptions options) =>
        new DnsEndpoints(options with { Servers = [_server.Address] }, _context).WatchAsync(_stop.Token);
}
