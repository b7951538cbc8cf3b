using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>The executable takes changed files over, however they are changed.</summary>
public sealed class WatchTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task A_file_written_in_place_replaced_or_reached_through_another_link_is_taken_over()
    {
        var port = ServerProcess.FreePort();
        using var folder = new ConfigFile(Answering(port, 201));
        await using var proxy = ProxyProcess.Start("run", "-c", folder.Path);
        await proxy.ReadyAsync();

        // As most programs write.
        await File.WriteAllTextAsync(folder.Path, Answering(port, 202));
        await Poll.UntilAsync(() => AnswersAsync(port, 202));

        // As editors do.
        var swap = Path.Combine(folder.Folder, ".proxy.yaml.swp");
        await File.WriteAllTextAsync(swap, Answering(port, 203));
        File.Move(swap, folder.Path, overwrite: true);
        await Poll.UntilAsync(() => AnswersAsync(port, 203));

        // As Kubernetes mounts a ConfigMap: a link to a file in a folder that is itself a link, which is swapped.
        var (first, second) = (Directory.CreateDirectory(Path.Combine(folder.Folder, "1")), Directory.CreateDirectory(Path.Combine(folder.Folder, "2")));
        await File.WriteAllTextAsync(Path.Combine(first.FullName, "proxy.yaml"), Answering(port, 205));
        await File.WriteAllTextAsync(Path.Combine(second.FullName, "proxy.yaml"), Answering(port, 206));
        var data = Path.Combine(folder.Folder, "..data");
        Directory.CreateSymbolicLink(data, first.FullName);
        File.CreateSymbolicLink(swap, Path.Combine("..data", "proxy.yaml"));
        File.Move(swap, folder.Path, overwrite: true);
        await Poll.UntilAsync(() => AnswersAsync(port, 205));
        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, second.FullName);
        await Poll.UntilAsync(() => AnswersAsync(port, 206));
    }

    [Fact]
    public async Task A_broken_file_is_answered_with_its_errors_and_the_old_configuration_serves()
    {
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile(Answering(port, 201));
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await using var client = await RawClient.ConnectAsync(port);

        await File.WriteAllTextAsync(file.Path, Answering(port, 202).Replace("routes:", "rotes:", StringComparison.Ordinal));

        await Poll.UntilAsync(() => proxy.Error.Contains("refused", StringComparison.Ordinal));
        Assert.Contains("proxy.yaml:2:1", proxy.Error, StringComparison.Ordinal);
        Assert.Contains("did you mean 'routes'", proxy.Error, StringComparison.Ordinal);
        Assert.Equal(201, (await client.RoundTripAsync(Get)).Status);

        await File.WriteAllTextAsync(file.Path, Answering(port, 202));
        await Poll.UntilAsync(() => AnswersAsync(port, 202));
    }

    [Fact]
    public async Task A_certificate_that_is_renewed_is_used_for_the_next_handshake()
    {
        using var first = new TestCertificate("localhost");
        using var second = new TestCertificate("localhost");
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            listeners: { web: { address: "127.0.0.1:{{port}}", filters: [ { tls: { certificates: [ { file: { cert: cert.pem, key: key.pem, default: true } } ] } } ] } }
            routes: [ { name: all, respond: { status: 204 } } ]
            """);
        first.WriteTo(file.Folder);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        var before = await ListenerReloadTests.CertificateAsync(port);

        second.WriteTo(file.Folder);

        await Poll.UntilAsync(async () => await ListenerReloadTests.CertificateAsync(port) != before);
    }

    [Fact]
    public async Task Sighup_takes_it_over_where_files_are_not_watched()
    {
        var port = ServerProcess.FreePort();
        const string NotWatched = "runtime: { watch: false }\n";
        using var file = new ConfigFile(NotWatched + Answering(port, 201));
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        await File.WriteAllTextAsync(file.Path, NotWatched + Answering(port, 202));
        Assert.True(await AnswersAsync(port, 201));

        proxy.Signal(ProxyProcess.SigHup);

        await Poll.UntilAsync(() => AnswersAsync(port, 202));
        await Poll.UntilAsync(() => proxy.Error.Contains("is in force (SIGHUP)", StringComparison.Ordinal));
    }

    private static string Answering(int port, int status) => $$"""
        listeners: { web: { address: "127.0.0.1:{{port}}" } }
        routes: [ { name: all, respond: { status: {{status}} } } ]
        """;

    private static async Task<bool> AnswersAsync(int port, int status)
    {
        await using var client = await RawClient.ConnectAsync(port);
        return (await client.RoundTripAsync(Get)).Status == status;
    }
}
