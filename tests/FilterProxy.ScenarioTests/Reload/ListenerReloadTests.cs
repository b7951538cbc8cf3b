using System.Net.Security;
using System.Net.Sockets;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>Listeners that come, go and change while the proxy runs.</summary>
public sealed class ListenerReloadTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task A_new_listener_is_bound_and_the_old_one_stays_as_it_is()
    {
        await using var upstream = TestUpstream.Start();
        var (web, more) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        await using var proxy = await TestProxy.StartAsync(With($"web: {{ address: \"127.0.0.1:{web}\" }}", upstream));
        await using var client = await RawClient.ConnectAsync(web);
        await client.RoundTripAsync(Get);

        await AssertAppliedAsync(proxy, With($"more: {{ address: \"127.0.0.1:{more}\" }}, web: {{ address: \"127.0.0.1:{web}\" }}", upstream));

        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        await using var second = await RawClient.ConnectAsync(more);
        Assert.Equal(200, (await second.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task A_listener_that_goes_closes_its_idle_connections_finishes_the_busy_ones_and_leaves_the_others_alone()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(r =>
            r.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")) : UpstreamResponse.Ok());
        var (stays, goes) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        var staying = $"stays: {{ address: \"127.0.0.1:{stays}\" }}";
        await using var proxy = await TestProxy.StartAsync(With($"{staying}, goes: {{ address: \"127.0.0.1:{goes}\" }}", upstream));
        await using var other = await RawClient.ConnectAsync(stays);
        await using var idle = await RawClient.ConnectAsync(goes);
        await using var busy = await RawClient.ConnectAsync(goes);
        await other.RoundTripAsync(Get);
        await idle.RoundTripAsync(Get);
        await busy.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(3);

        await AssertAppliedAsync(proxy, With(staying, upstream));

        Assert.True(await idle.IsClosedByPeerAsync());
        await Poll.UntilAsync(() => IsRefusedAsync(goes));
        gate.SetResult();
        var late = await busy.ReadResponseAsync();
        Assert.Equal(("late", "close"), (late.Text, late.Headers["connection"]));
        Assert.True(await busy.IsClosedByPeerAsync());
        Assert.Equal(200, (await other.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task A_listener_that_only_gets_another_name_keeps_its_socket_and_its_connections()
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        await using var proxy = await TestProxy.StartAsync(With($"web: {{ address: \"127.0.0.1:{port}\" }}", upstream));
        await using var client = await RawClient.ConnectAsync(port);
        await client.RoundTripAsync(Get);

        await AssertAppliedAsync(proxy, With($"front: {{ address: \"127.0.0.1:{port}\" }}", upstream, "match: { listeners: [front] }, "));

        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        await using var second = await RawClient.ConnectAsync(port);
        Assert.Equal(200, (await second.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task Io_and_limits_change_on_the_same_socket()
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        await using var proxy = await TestProxy.StartAsync(With($"web: {{ address: \"127.0.0.1:{port}\", io: direct }}", upstream));
        await using var old = await RawClient.ConnectAsync(port);
        await old.RoundTripAsync(Get);

        await AssertAppliedAsync(proxy, With($"web: {{ address: \"127.0.0.1:{port}\", io: sockets, limits: {{ request_line: 64B }} }}", upstream));

        await using var client = await RawClient.ConnectAsync(port);
        Assert.Equal(414, (await client.RoundTripAsync($"GET /{new string('x', 200)} HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(414, (await old.RoundTripAsync($"GET /{new string('x', 200)} HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Tls_begins_and_ends_on_the_same_socket_and_a_new_certificate_is_used_at_once()
    {
        using var first = new TestCertificate("localhost");
        using var second = new TestCertificate("localhost");
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        await using var proxy = await TestProxy.StartAsync(With($"web: {{ address: \"127.0.0.1:{port}\" }}", upstream));
        await using var plain = await RawClient.ConnectAsync(port);
        await plain.RoundTripAsync(Get);

        await AssertAppliedAsync(proxy, With(Tls(port, first), upstream));
        var before = await CertificateAsync(port);
        await AssertAppliedAsync(proxy, With(Tls(port, second), upstream));
        var after = await CertificateAsync(port);
        Assert.Equal(200, (await plain.RoundTripAsync(Get)).Status);
        await AssertAppliedAsync(proxy, With($"web: {{ address: \"127.0.0.1:{port}\" }}", upstream));

        Assert.NotEqual(before, after);
        await using var again = await RawClient.ConnectAsync(port);
        Assert.Equal(200, (await again.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task Addresses_that_are_taken_refuse_the_configuration_all_named_and_nothing_changes()
    {
        using var squatter = new TcpListener(System.Net.IPAddress.Loopback, 0);
        using var other = new TcpListener(System.Net.IPAddress.Loopback, 0);
        squatter.Start();
        other.Start();
        var (taken, alsoTaken) = (((System.Net.IPEndPoint)squatter.LocalEndpoint).Port, ((System.Net.IPEndPoint)other.LocalEndpoint).Port);
        var (web, free) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(With($"web: {{ address: \"127.0.0.1:{web}\" }}", upstream));

        var errors = await proxy.ReloadAsync(With(
            $"free: {{ address: \"127.0.0.1:{free}\" }}, x: {{ address: \"127.0.0.1:{taken}\" }}, y: {{ address: \"127.0.0.1:{alsoTaken}\" }}", upstream));

        Assert.Contains($"listener 'x' cannot listen on 127.0.0.1:{taken}", errors, StringComparison.Ordinal);
        Assert.Contains($"listener 'y' cannot listen on 127.0.0.1:{alsoTaken}", errors, StringComparison.Ordinal);
        Assert.True(await IsRefusedAsync(free));
        await using var client = await RawClient.ConnectAsync(web);
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
    }

    private static string Tls(int port, TestCertificate certificate) =>
        $$"""web: { address: "127.0.0.1:{{port}}", filters: [ { tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}" } } ] } } ] }""";

    internal static async Task<string> CertificateAsync(int port)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(tcp.GetStream(), false, static (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.GetCertHashString();
    }

    private static async Task AssertAppliedAsync(TestProxy proxy, string yaml) => Assert.Equal("", await proxy.ReloadAsync(yaml));

    private static async Task<bool> IsRefusedAsync(int port)
    {
        try
        {
            await using var client = await RawClient.ConnectAsync(port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static string With(string listeners, TestUpstream upstream, string match = "") => $$"""
        listeners: { {{listeners}} }
        routes: [ { name: all, {{match}}cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;
}
