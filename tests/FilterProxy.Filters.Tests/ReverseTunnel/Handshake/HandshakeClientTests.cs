using System.Text;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

public sealed class HandshakeClientTests : IDisposable
{
    private static readonly TunnelHello Hello = new(new TunnelIdentity("edge-1", "shop", "acme"))
    {
        Capabilities = Names.All,
        Labels = new Dictionary<string, string> { ["zone"] = "eu west, 1" },
        Services = [new("app", TunnelServiceType.Http) { Hosts = ["a.example.com"] }, new("db", TunnelServiceType.Tcp) { Port = 45432 }],
        Server = "hub",
    };

    private readonly HandshakeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(false, 200)]
    [InlineData(true, 101)]
    public async Task Both_sides_agree_on_all_that_was_said(bool upgrade, int status)
    {
        _bench.Access = new() { Rules = [new() { Agents = ["*:*:acme"], Protocols = ["http", "grpc", "ws", "tcp", "udp"], Hosts = ["*"], Ports = ["1-65535"] }] };
        await using var server = _bench.Create();
        var line = new HandshakeLine();
        var accepting = server.AcceptAsync(line, default).AsTask();

        var reply = await Client(new() { Upgrade = upgrade }).RunAsync(line.Agent, Hello, default);
        var admission = (await accepting)!;

        Assert.Equal((status, admission.Welcome with { Services = [] }), (reply.Status, reply.Welcome! with { Services = [] }));
        Assert.Equal(Hello.Services.Select(ServiceText.Write), reply.Welcome.Services.Select(ServiceText.Write));
        var heard = admission.Hello with { SessionId = null, Labels = Hello.Labels, Services = Hello.Services };
        Assert.Equal(Hello, heard);
        Assert.Equal(Hello.Labels, admission.Hello.Labels);
        Assert.Equal(Hello.Services.Select(ServiceText.Write), admission.Hello.Services.Select(ServiceText.Write));
    }

    [Fact]
    public async Task A_refusal_says_why_and_when_to_ask_again()
    {
        _bench.Handshake = new() { MaxAgents = 1 };
        await using var server = _bench.Create();
        await HandshakeBench.AskAsync(server, HandshakeBench.OwnRequest("edge-9:shop:acme"));
        var line = new HandshakeLine();
        var accepting = server.AcceptAsync(line, default).AsTask();

        var reply = await Client().RunAsync(line.Agent, Hello with { Services = [] }, default);
        await line.CloseAsync();
        await accepting;

        Assert.Equal((null, 503, "tunnel_full: there are 1 agents already", TimeSpan.FromSeconds(5)), (reply.Welcome, reply.Status, reply.Reason, reply.RetryAfter));
    }

    [Theory]
    [InlineData("", "it sent nothing")]
    [InlineData("HTTP/1.1 200 OK\r\n", "left after 17 bytes")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\n", "none of HTTP/1.1")]
    [InlineData("HTTP/1.1 99 OK\r\n\r\n", "none of HTTP/1.1")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", "none of HTTP/1.1")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "has a body")]
    [InlineData("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "has a body")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "no settings")]
    [InlineData("HTTP/1.1 200 OK\r\nx-filterproxy-tunnel-version: 2\r\n\r\n", "no settings")]
    [InlineData("HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n", "refused")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 9\r\n\r\nno \u0007 way", "refused: no ? way")]
    public async Task A_server_that_talks_nonsense_is_an_answer_too(string text, string reason)
    {
        var line = new HandshakeLine();
        await line.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(text));
        await line.Transport.Output.CompleteAsync();

        var reply = await Client().RunAsync(line.Agent, Hello, default);

        Assert.Null(reply.Welcome);
        Assert.Contains(reason, reply.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_after_a_time()
    {
        var line = new HandshakeLine();
        var running = Client().RunAsync(line.Agent, Hello, default).AsTask();
        _bench.Clock.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal("the server did not answer within 10 s", (await running).Reason);
    }

    [Fact]
    public async Task What_the_server_sends_behind_its_reply_stays()
    {
        await using var server = _bench.Create();
        var line = new HandshakeLine();
        var accepting = server.AcceptAsync(line, default).AsTask();
        var running = Client().RunAsync(line.Agent, Hello with { Services = [] }, default).AsTask();
        await accepting;
        await line.Transport.Output.WriteAsync("PRI *"u8.ToArray());
        await running;

        var read = await line.Agent.Input.ReadAsync();

        Assert.Equal("PRI *", Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer)));
    }

    private HandshakeClient Client(AgentHandshakeOptions? options = null) => new(options ?? new(), Path.GetTempPath(), _bench.Clock);
}
