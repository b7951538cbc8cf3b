using System.Buffers;
using System.IO.Pipelines;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TestKit;

public class TestExchangeTests
{
    [Fact]
    public async Task A_run_calls_the_phases_in_order()
    {
        var filter = new Recorder();
        using var exchange = TestExchange.Post("/", "abcdef").InPiecesOf(4).WithResponse(200, "xyz");
        var run = await exchange.RunAsync(filter);
        Assert.Equal("request body:abcd body:ef! upstream response answer:xyz! logging", string.Join(' ', filter.Calls));
        Assert.Equal("ABCDEF", run.RequestText);
        Assert.Equal("xyz", run.ResponseText);
        Assert.Null(exchange.Request.Headers["content-length"]);
    }

    [Fact]
    public async Task A_reply_skips_the_upstream_but_no_response_phase()
    {
        var filter = new Recorder { Stop = true };
        using var exchange = TestExchange.Post("/", "abc").WithResponse(200, "upstream");
        var run = await exchange.RunAsync(filter);
        Assert.Equal("request response answer:no! logging", string.Join(' ', filter.Calls));
        Assert.Equal((403, "denied", "no"), (exchange.Status, exchange.Reason, exchange.BodyText));
        Assert.Null(run.Upstream);
    }

    [Fact]
    public async Task Stopping_without_a_reply_fails_the_test() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestExchange.Get("/").RunAsync(new Recorder { Stop = true, Silent = true }));

    [Fact]
    public async Task Bodies_are_buffered_up_to_a_limit()
    {
        using var exchange = TestExchange.Post("/", "abcdef");
        Assert.True((await exchange.BufferRequestBodyAsync(6)).IsComplete);
        Assert.Equal(BufferStatus.TooLarge, (await exchange.BufferRequestBodyAsync(5)).Status);
    }

    [Fact]
    public async Task A_streamed_reply_is_read_to_its_end()
    {
        using var exchange = TestExchange.Get("/");
        exchange.Reply(200, "file", PipeReader.Create(new MemoryStream("data"u8.ToArray())), 4, "text/plain");
        await exchange.ReadReplyAsync();
        Assert.Equal("data", exchange.BodyText);
        Assert.Equal("4", exchange.Response.Headers["content-length"]);
    }

    [Fact]
    public void Replacing_a_body_sets_its_length()
    {
        using var exchange = TestExchange.Post("/", "abc");
        exchange.ReplaceBody(new ReadOnlySequence<byte>("longer"u8.ToArray()));
        Assert.Equal("6", exchange.Request.Headers["content-length"]);
    }

    [Fact]
    public void A_client_that_leaves_cancels_the_exchange()
    {
        using var exchange = TestExchange.Get("/");
        exchange.CloseDownstream();
        Assert.True(exchange.Aborted.IsCancellationRequested);
        Assert.Equal(AbortReason.ClientClosed, exchange.AbortReason);
    }

    [Fact]
    public void Clusters_are_found_by_name()
    {
        using var exchange = TestExchange.Get("/").WithCluster(new TestCluster("a", "10.0.0.1:80")).WithCluster(new TestCluster("b", "host:80"));
        Assert.Equal("a", exchange.Cluster!.Name);
        Assert.True(exchange.TryGetCluster("b", out _));
        Assert.False(exchange.TryGetCluster("c", out _));
    }

    private sealed class Recorder : IRequestFilter, IRequestBodyFilter, IUpstreamRequestFilter, IResponseFilter, IResponseBodyFilter, ILoggingFilter
    {
        public List<string> Calls { get; } = [];

        public bool Stop { get; init; }

        public bool Silent { get; init; }

        public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
        {
            Calls.Add("request");
            if (Stop && !Silent)
            {
                exchange.Reply(403, "denied", "no"u8.ToArray());
            }

            return new(Stop ? FilterStatus.Stop : FilterStatus.Continue);
        }

        public BodyUse UseRequestBody(HttpExchange exchange) => BodyUse.Transform;

        public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
        {
            var text = System.Text.Encoding.ASCII.GetString(data.ToArray());
            Calls.Add($"body:{text}{(end ? "!" : "")}");
            output!.Write(System.Text.Encoding.ASCII.GetBytes(text.ToUpperInvariant()));
            return new(FilterStatus.Continue);
        }

        public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
        {
            Calls.Add("upstream");
            return default;
        }

        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            Calls.Add("response");
            return default;
        }

        public BodyUse UseResponseBody(HttpExchange exchange) => BodyUse.Observe;

        public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
        {
            Calls.Add($"answer:{System.Text.Encoding.ASCII.GetString(data.ToArray())}{(end ? "!" : "")}");
            return new(output is null ? FilterStatus.Continue : FilterStatus.Stop);
        }

        public void OnLogging(HttpExchange exchange) => Calls.Add("logging");
    }
}
