using System.Net;
using System.Net.Sockets;
using FilterProxy.ScenarioTests.NextJs;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>How it ends when it cannot begin. How it ends after serving: <see cref="StopTests"/>.</summary>
public sealed class ExitCodeTests
{
    [Fact]
    public async Task The_help_lists_them()
    {
        var (code, output, _) = await ProxyProcess.RunAsync("--help");

        Assert.Equal(0, code);
        Assert.All(Enumerable.Range(0, 5), number => Assert.Contains($"\n    {number}  ", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_listener_that_cannot_listen_is_named_at_once()
    {
        using var one = Listen();
        using var two = Listen();
        var free = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            listeners:
              first: { address: "{{one.LocalEndpoint}}" }
              second: { address: "127.0.0.1:{{free}}" }
              third: { address: "{{two.LocalEndpoint}}", io: sockets }
              fourth: { address: "192.0.2.1:80" }
            routes: [ { respond: { status: 204 } } ]
            """);

        var (code, output, error) = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.Equal(3, code);
        Assert.Empty(output);
        Assert.Equal(
            $"""
            listener 'first' cannot listen on {one.LocalEndpoint}: Address already in use
            listener 'third' cannot listen on {two.LocalEndpoint}: Address already in use
            listener 'fourth' cannot listen on 192.0.2.1:80: Cannot assign requested address

            """,
            string.Concat(error.Split('\n').Where(line => !line.Contains("Listening on", StringComparison.Ordinal)).Select(line => line + '\n'))[..^1]);
    }

    [Fact]
    public async Task A_socket_file_left_by_a_process_that_was_killed_is_no_obstacle()
    {
        using var file = new ConfigFile("");
        var path = Path.Combine(file.Folder, "proxy.sock");
        await File.WriteAllTextAsync(file.Path, $$"""
            listeners: { web: { address: "unix:{{path}}" } }
            routes: [ { respond: { status: 204 } } ]
            """);
        await using (var killed = ProxyProcess.Start("run", "-c", file.Path))
        {
            await killed.ReadyAsync();
        }

        Assert.True(File.Exists(path));

        await using var next = ProxyProcess.Start("run", "-c", file.Path);
        await next.ReadyAsync();
    }

    [Fact]
    public async Task A_socket_file_somebody_listens_on_stays_his()
    {
        using var file = new ConfigFile("");
        var path = Path.Combine(file.Folder, "proxy.sock");
        await File.WriteAllTextAsync(file.Path, $$"""
            listeners: { web: { address: "unix:{{path}}" } }
            routes: [ { respond: { status: 204 } } ]
            """);
        await using var first = ProxyProcess.Start("run", "-c", file.Path);
        await first.ReadyAsync();

        var (code, _, error) = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.Equal((3, $"listener 'web' cannot listen on {path}: Address already in use\n"), (code, error));
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }
}
