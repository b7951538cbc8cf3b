using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class TcpConnectorTests
{
    private static readonly IPAddress Refusing = IPAddress.Parse("127.0.0.2");

    [Fact]
    public async Task A_name_is_tried_address_by_address()
    {
        await using var upstream = TestUpstream.Start();
        var connector = Connector((_, _) => Task.FromResult(new[] { Refusing, IPAddress.Loopback }));

        await using var connection = await connector.ConnectAsync(Peer($"app.internal:{upstream.Port}"), default, default);

        Assert.Equal(upstream.Port, ((IPEndPoint)connection.RemoteEndPoint!).Port);
    }

    [Fact]
    public async Task A_refused_connect_says_so_and_may_be_retried()
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var error = await FailAsync(Connector(), $"127.0.0.1:{((IPEndPoint)closed.LocalEndPoint!).Port}");

        Assert.Equal((ProxyErrorKind.ConnectFailed, true, "connection_refused"), (error.Kind, error.Retryable, error.Detail));
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_says_so()
    {
        var connector = Connector((_, _) => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)));

        var error = await FailAsync(connector, "app.internal:80");

        Assert.Equal((ProxyErrorKind.ConnectFailed, "name_not_resolved"), (error.Kind, error.Detail));
    }

    [Fact]
    public async Task A_connect_that_is_cancelled_is_a_timeout()
    {
        var connector = Connector((_, cancel) => Task.FromCanceled<IPAddress[]>(cancel));

        var error = await FailAsync(connector, "app.internal:80", new CancellationToken(canceled: true));

        Assert.Equal((ProxyErrorKind.ConnectTimeout, "connect_timeout"), (error.Kind, error.Detail));
    }

    private static async Task<ProxyError> FailAsync(TcpConnector connector, string address, CancellationToken cancel = default) =>
        (await Assert.ThrowsAsync<UpstreamException>(async () => await connector.ConnectAsync(Peer(address), default, cancel))).Error;

    private static UpstreamPeer Peer(string address) => new TestCluster("test", address).Endpoints[0].Peer;

    private static TcpConnector Connector(Func<string, CancellationToken, Task<IPAddress[]>>? lookup = null) =>
        new(new NameResolver(TimeProvider.System, TimeSpan.FromMinutes(1), lookup));
}
