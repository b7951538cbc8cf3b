using System.Collections.Concurrent;
using System.Net;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

/// <summary>A connector of a plugin that takes whole requests: no byte stream is ever opened.</summary>
public sealed class HttpConnectorTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly string _key = Guid.NewGuid().ToString("n");
    private readonly ExchangeLog _log = new();

    [Theory]
    [EachProtocol]
    public async Task A_request_reaches_it_whole_and_its_response_the_client(TestTransport transport)
    {
        await using var proxy = await StartAsync(transport, async (request, cancel) =>
        {
            var body = await request.Content!.ReadAsStringAsync(cancel);
            var response = new HttpResponseMessage(HttpStatusCode.Created) { Content = new StringContent(
                $"{request.Method} {request.RequestUri!.PathAndQuery} {request.Headers.Host} {string.Join(',', request.Headers.GetValues("x-a"))} {body}") };
            response.Headers.Add("x-b", ["1", "2"]);
            response.TrailingHeaders.Add("x-sum", "7");
            return response;
        });

        var response = await proxy.SendAsync("POST /p?q=1 HTTP/1.1\r\nHost: a.example\r\nX-A: v\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

        Assert.Equal((201, "POST /p?q=1 a.example v hello"), (response.Status, response.Text));
        Assert.Equal(["1", "2"], response.Headers.Values("x-b"));
        Assert.Equal(new LoggedExchange(201, "via_upstream", 1), await _log.NextAsync());
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_streams_and_its_trailers_follow(TestTransport transport)
    {
        var pipe = new System.IO.Pipelines.Pipe();
        await using var proxy = await StartAsync(transport, (_, _) =>
        {
            var response = new HttpResponseMessage { Content = new StreamContent(pipe.Reader.AsStream()) };
            response.TrailingHeaders.Add("grpc-status", "0");
            return Task.FromResult(response);
        });
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        while (await client.ReadLineAsync() is { Length: > 0 })
        {
        }

        await pipe.Writer.WriteAsync("one"u8.ToArray());
        Assert.Equal("3", await client.ReadLineAsync());
        Assert.Equal("one", await client.ReadLineAsync());
        await pipe.Writer.CompleteAsync();

        Assert.Equal("0", await client.ReadLineAsync());
        Assert.Equal("grpc-status: 0", await client.ReadLineAsync());
    }

    [Theory]
    [EachProtocol("reachable", 502, "connect_failed")]
    [EachProtocol("http", 502, "upstream_closed")]
    [EachProtocol("bug", 502, "upstream_closed")]
    [EachProtocol("slow", 504, "upstream_response_timeout")]
    public async Task Its_failures_are_those_of_an_attempt(string how, int status, string reason, TestTransport transport)
    {
        await using var proxy = await StartAsync(
            transport,
            async (_, cancel) =>
            {
                await Task.Delay(how == "slow" ? Timeout.Infinite : 0, cancel);
                throw how switch
                {
                    "reachable" => new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed)),
                    "http" => new HttpRequestException("broken"),
                    _ => new InvalidOperationException("a bug of the plugin"),
                };
            },
            "response_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(status, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal(reason, (await _log.NextAsync()).Reason);
        Assert.Equal(0, proxy.Engine.Snapshot!.Clusters["origin"].Endpoints[0].InFlight);
    }

    [Theory]
    [EachProtocol]
    public async Task A_client_that_leaves_cancels_its_request(TestTransport transport)
    {
        var (begun, cancelled) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var proxy = await StartAsync(transport, async (_, cancel) =>
        {
            await using var registration = cancel.Register(() => cancelled.TrySetResult());
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return new HttpResponseMessage();
        });
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Get);
            await begun.Task.WaitAsync(TimeSpan.FromSeconds(10));
        }

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
    }

    [Fact]
    public async Task A_replaced_cluster_leaves_its_invoker_to_the_connector()
    {
        await using var proxy = await StartAsync(TestTransport.Sockets, (_, _) => Task.FromResult(new HttpResponseMessage { Content = new StringContent("ok") }));
        Assert.Equal("ok", (await proxy.SendAsync(Get)).Text);

        Assert.Equal("", await proxy.ReloadAsync("routes: [ { name: all, respond: { status: 204 } } ]"));
        await proxy.SettledAsync();

        Assert.Equal(204, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(["connector", "invoker"], Invoker.Ended[_key]);
    }

    private async Task<TestProxy> StartAsync(TestTransport transport, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer, string cluster = "")
    {
        InProcessConnector.Answers[_key] = answer;
        Invoker.Ended[_key] = new();
        return await TestProxy.StartAsync(
            $$"""
            http: { filters: [ {{_log.Filter}} ] }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:1"], connector: { in_process: { key: {{_key}} } }{{(cluster.Length > 0 ? ", " + cluster : "")}} } }
            """,
            transport,
            typeof(ExchangeLogFilter),
            typeof(InProcessConnector));
    }

    public sealed record InProcessOptions
    {
        public required string Key { get; init; }
    }

    [Component("in_process")]
    public sealed class InProcessConnector(InProcessOptions options) : IHttpConnector, IDisposable
    {
        private readonly Invoker _invoker = new(options.Key);

        internal static ConcurrentDictionary<string, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>> Answers { get; } = new();

        public HttpMessageInvoker GetHttp(UpstreamPeer peer) => _invoker;

        public ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel) =>
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed));

        public void Dispose()
        {
            Invoker.Ended[options.Key].Enqueue("connector");
            _invoker.Dispose();
        }
    }

    /// <summary>Tells who ended it.</summary>
    private sealed class Invoker(string key) : HttpMessageInvoker(new Handler(key))
    {
        public static ConcurrentDictionary<string, ConcurrentQueue<string>> Ended { get; } = new();

        protected override void Dispose(bool disposing)
        {
            Ended[key].Enqueue("invoker");
            base.Dispose(disposing);
        }
    }

    private sealed class Handler(string key) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            InProcessConnector.Answers[key](request, cancellationToken);
    }
}
