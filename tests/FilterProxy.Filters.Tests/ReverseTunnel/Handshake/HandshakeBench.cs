using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

/// <summary>A server's side with a clock that stands still, and agents that ask it. By default everybody of the tenant acme is let in.</summary>
internal sealed class HandshakeBench : IDisposable
{
    public const string Edge = "edge-1:shop:acme";

    public HandshakeBench() => Context.Clock = Clock;

    public TestComponentContext Context { get; } = new();

    public FakeTimeProvider Clock { get; } = new();

    public TunnelHandshakeOptions Handshake { get; set; } = new();

    public TunnelCredentialOptions Credentials { get; set; } = new() { Anonymous = true };

    public TunnelAccessOptions Access { get; set; } = new() { Rules = [new() { Agents = ["*:*:acme"], Protocols = ["http", "tcp"], MaxConnections = 3, MaxWorkConnections = 2 }] };

    // An address of its own on this machine's loopback network, so that fixed ports are nobody else's.
    public TunnelServicesOptions Services { get; set; } = new() { PortAddress = $"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(256)}.{Random.Shared.Next(1, 255)}" };

    /// <summary>A request of an agent, with more fields as lines.</summary>
    public static string Request(string agent = Edge, params string[] more)
    {
        var parts = agent.Split(':');
        string[] lines =
        [
            "GET /reverse_connections/request HTTP/1.1", "host: hub",
            $"x-envoy-reverse-tunnel-node-id: {parts[0]}", $"x-envoy-reverse-tunnel-cluster-id: {parts[1]}", $"x-envoy-reverse-tunnel-tenant-id: {parts[2]}",
            .. more, "", "",
        ];
        return string.Join("\r\n", lines);
    }

    /// <summary>As <see cref="Request"/>, of this program's version.</summary>
    public static string OwnRequest(string agent = Edge, string kind = "streams", string? session = null, params string[] more) => Request(agent,
    [
        "x-filterproxy-tunnel-version: 1", "x-filterproxy-tunnel-capabilities: http,grpc,ws,tcp,udp", $"x-filterproxy-tunnel-kind: {kind}",
        .. session is null ? [] : new[] { $"x-filterproxy-tunnel-session: {session}" }, .. more,
    ]);

    public HandshakeServer Create() => new(Handshake, Credentials, Access, Services, Context);

    /// <summary>Has an agent ask.</summary>
    public static async Task<(HandshakeAnswer Answer, TunnelAdmission? Admission, HandshakeLine Line)> AskAsync(HandshakeServer server, string request, HandshakeLine? line = null)
    {
        line ??= new HandshakeLine();
        await line.SendAsync(request);
        var accepting = server.AcceptAsync(line, default).AsTask();
        var answer = await line.ReadAsync();
        return (answer, await accepting, line);
    }

    public void Dispose() => Context.Dispose();
}
