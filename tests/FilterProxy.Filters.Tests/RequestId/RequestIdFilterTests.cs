using FilterProxy.Filters.RequestId;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.RequestId;

public sealed class RequestIdFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData(RequestIdFormat.Hex, "^[0-9a-f]{32}$")]
    [InlineData(RequestIdFormat.Uuid, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    [InlineData(RequestIdFormat.Uuid7, "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    public async Task Upstream_and_client_get_the_same_id(RequestIdFormat format, string form)
    {
        using var exchange = TestExchange.Get("/");
        var run = await exchange.RunAsync(Filter(new() { Format = format }));
        Assert.Matches(form, run.Upstream!.Headers["x-request-id"]);
        Assert.Equal(run.Upstream.Headers["x-request-id"], exchange.Response.Headers["x-request-id"]);
    }

    [Fact]
    public async Task Ids_of_uuid7_begin_with_the_time()
    {
        _context.Clock = new FakeTimeProvider();
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter(new()));
        var id = exchange.Request.Headers["x-request-id"]!.Replace("-", "", StringComparison.Ordinal);
        Assert.Equal(_context.Clock.GetUtcNow().ToUnixTimeMilliseconds(), Convert.ToInt64(id[..12], 16));
    }

    [Theory]
    [InlineData("abc-123", true, true)]
    [InlineData("abc-123", false, false)]
    [InlineData("a b", true, false)]
    [InlineData("a\"b", true, false)]
    [InlineData("é", true, false)]
    [InlineData("", true, false)]
    public async Task An_id_that_came_is_kept_when_it_can_harm_nothing(string sent, bool accept, bool kept)
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-correlation-id", sent);
        var run = await exchange.RunAsync(Filter(new() { Header = "x-correlation-id", Accept = accept }));
        Assert.Equal(kept, run.Upstream!.Headers["x-correlation-id"] == sent);
        Assert.Equal(run.Upstream.Headers["x-correlation-id"], exchange.Response.Headers["x-correlation-id"]);
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public async Task An_id_has_a_greatest_length(int length, bool kept)
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-request-id", new string('a', length));
        await exchange.RunAsync(Filter(new()));
        Assert.Equal(kept, exchange.Request.Headers["x-request-id"]!.Length == length);
    }

    [Fact]
    public async Task The_response_need_not_say_it()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter(new() { Response = false }));
        Assert.Null(exchange.Response.Headers["x-request-id"]);
        Assert.NotNull(exchange.Request.Headers["x-request-id"]);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol_and_not_on_a_strangers_word(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-request-id"]!));
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, transport, "{ forwarding: { request_id: false }, filters: [ { request_id: { format: uuid } } ] }", components: typeof(RequestIdFilter));
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n");
        Assert.Equal(36, response.Text.Length);
        Assert.Equal(response.Text, response.Headers["x-request-id"]);
    }

    [Fact]
    public async Task A_wrong_option_is_refused() => Assert.Contains("no header name", (await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
        1, TestTransport.Sockets, "{ filters: [ { request_id: { header: 'a b' } } ] }", components: typeof(RequestIdFilter)))).Message, StringComparison.Ordinal);

    private RequestIdFilter Filter(RequestIdOptions options) => new(options, _context);
}
