using System.Net.Sockets;
using System.Runtime.Versioning;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>The admin listener of the executable.</summary>
public sealed class AdminListenerTests
{
    [Fact]
    public async Task There_is_none_unless_it_is_configured()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        Assert.DoesNotContain("Admin API", proxy.Error, StringComparison.Ordinal);
        var (code, _, error) = await ProxyProcess.RunAsync("status", "-c", file.Path);
        Assert.Equal(1, code);
        Assert.Contains("no admin section", error, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_unix_socket_is_for_its_user_alone()
    {
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, 9, "admin: { address: \"unix:SOCKET\", token: \"${file:token}\" }");
        var socket = Path.Combine(file.Folder, "admin.sock");
        await File.WriteAllTextAsync(file.Path, (await File.ReadAllTextAsync(file.Path)).Replace("SOCKET", socket, StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(file.Folder, "token"), "a-token-of-the-test-0123");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        var (code, output, _) = await ProxyProcess.RunAsync("drain", "origin", "127.0.0.1:9", "-c", file.Path);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        Assert.Equal(0, code);
        Assert.Contains("is empty", output, StringComparison.Ordinal);
        await Poll.UntilAsync(() => proxy.Error.Contains("Admin: unix socket, user ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_that_is_taken_keeps_the_proxy_from_starting()
    {
        using var other = new TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var taken = ((System.Net.IPEndPoint)other.LocalEndpoint).Port;
        using var file = ConfigFile.Forwarding(ServerProcess.FreePort(), 9, $"admin: {{ address: \"127.0.0.1:{taken}\" }}");

        var (code, _, error) = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.Equal(3, code);
        Assert.Contains($"The admin listener cannot use 127.0.0.1:{taken}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_the_commands_say_so()
    {
        using var dead = new DeadPort();

        var (code, _, error) = await ProxyProcess.RunAsync("status", "--admin", $"127.0.0.1:{dead.Port}");

        Assert.Equal(5, code);
        Assert.Contains("no admin API answers", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_answers_and_is_no_admin_api_is_told_apart()
    {
        await using var upstream = TestUpstream.Start();

        var (code, _, error) = await ProxyProcess.RunAsync("status", "--admin", $"127.0.0.1:{upstream.Port}");

        Assert.Equal(5, code);
        Assert.Contains("is no admin API", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_answers_while_the_last_exchanges_end()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        var (port, admin) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        using var file = ConfigFile.Forwarding(port, upstream.Port, $"admin: {{ address: \"127.0.0.1:{admin}\" }}");
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);

        proxy.Signal(ProxyProcess.SigTerm);

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{admin}") };
        await Poll.UntilAsync(async () => (int)(await http.GetAsync("/ready")).StatusCode == 503);
        Assert.Contains("\"in_flight\": 1", await http.GetStringAsync("/stats"), StringComparison.Ordinal);
        gate.SetResult();
        Assert.Equal(0, await proxy.ExitAsync());
    }
}
