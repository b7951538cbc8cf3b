using System.Text.RegularExpressions;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using FilterProxy.Tests;
using Xunit;

namespace FilterProxy.Filters.Tests.Examples;

/// <summary><c>conf/examples/tcp-relay.yaml</c> as it is, with plugins as they are built, ports of the test's and real servers.</summary>
public sealed class RelayExampleTests
{
    [ProgramFact("redis-server", "redis-cli", "redis-benchmark")]
    public async Task Redis_answers_in_the_clear_and_behind_TLS()
    {
        using var folder = new ScratchFolder();
        using var certificate = new TestCertificate("localhost");
        var port = ExternalProgram.FreePort();
        await using var redis = await ExternalProgram.StartAsync("redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--save", ""], folder.Path, [port]);
        await using var proxy = await StartAsync(certificate, ("REDIS", port));

        await ProgramRun.OfAsync("redis-benchmark", "-h", "127.0.0.1", "-p", $"{proxy.PortOf("redis")}", "-q", "-n", "2000", "-P", "4", "-t", "set,get");
        Assert.StartsWith("OK", await ProgramRun.OfAsync("redis-cli", "-p", $"{proxy.PortOf("redis-tls")}", "--tls", "--insecure", "set", "a", "b"), StringComparison.Ordinal);
        Assert.StartsWith("b", await ProgramRun.OfAsync("redis-cli", "-p", $"{proxy.PortOf("redis")}", "get", "a"), StringComparison.Ordinal);
    }

    [ProgramFact("psql", "pgbench")]
    public async Task PostgreSQL_serves_pgbench_and_new_connections_move_at_once_when_one_of_two_is_killed()
    {
        Assert.NotNull(Postgres.Programs);
        using var folder = new ScratchFolder();
        using var certificate = new TestCertificate("localhost");
        var two = ExternalProgram.FreePort();
        var data = await Postgres.CreateAsync(folder);
        await using var server = await Postgres.StartAsync(folder, data, two);
        using var doomed = new StreamUpstream();
        await using var proxy = await StartAsync(certificate, ("POSTGRES_ONE", doomed.Port), ("POSTGRES_TWO", two));
        doomed.Dispose();

        string[] to = ["-h", "127.0.0.1", "-p", $"{proxy.PortOf("postgres")}", "-U", "postgres"];
        await ProgramRun.OfAsync("pgbench", [.. to, "-i", "-q", "postgres"]);
        var report = await ProgramRun.OfAsync("pgbench", [.. to, "-c", "4", "-t", "25", "postgres"]);
        Assert.Contains("100/100", report, StringComparison.Ordinal);
        Assert.Contains("100000", await ProgramRun.OfAsync("psql", [.. to, "-c", "select count(*) from pgbench_accounts", "postgres"]), StringComparison.Ordinal);
    }

    [ProgramFact("sshd", "ssh", "scp", "ssh-keygen")]
    public async Task Ssh_and_scp_pass_on_a_port_of_their_own_and_on_a_shared_one()
    {
        using var certificate = new TestCertificate("localhost");
        await using var server = await SshServer.StartAsync();
        await using var proxy = await StartAsync(certificate, ("SSHD", server.Port));

        Assert.Contains("hello", await server.RunAsync(proxy.PortOf("shared"), "echo hello"), StringComparison.Ordinal);
        await server.CopyThereAndBackAsync(proxy.PortOf("ssh"), 20_000_000);
    }

    [ProgramFact("sshd", "ssh", "scp", "ssh-keygen"), Trait("suite", "long")]
    public async Task A_gigabyte_passes_by_scp_both_ways()
    {
        using var certificate = new TestCertificate("localhost");
        await using var server = await SshServer.StartAsync();
        await using var proxy = await StartAsync(certificate, ("SSHD", server.Port));

        await server.CopyThereAndBackAsync(proxy.PortOf("ssh"), 1L << 30);
    }

    [ProgramFact("dig", "dnsmasq")]
    public async Task Dig_is_answered_over_UDP()
    {
        using var folder = new ScratchFolder();
        using var certificate = new TestCertificate("localhost");
        var port = ExternalProgram.FreePort();
        await using var dns = await DnsServer.StartAsync(folder, port);
        await using var proxy = await StartAsync(certificate, ("DNS", port));

        Assert.Equal(DnsServer.Answer, await DnsServer.AskAsync(proxy.UdpPortOf("dns")));
    }

    [Fact]
    public async Task A_port_is_shared_by_ssh_TLS_by_name_and_HTTP()
    {
        using var certificate = new TestCertificate("one.example", "a.two.example");
        using var ssh = new StreamUpstream();
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var proxy = await StartAsync(certificate, ("SSHD", ssh.Port), ("TLS_ONE", one.Port), ("TLS_TWO", two.Port));
        var port = proxy.PortOf("shared");

        await using (var web = await RawClient.ConnectAsync(port))
        {
            Assert.Equal("HTTP on a shared port\n", (await web.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        }

        var serving = Task.Run(async () => await TlsTalk.ServeAsync(await one.AcceptAsync(), certificate));
        await using (var client = await TlsTalk.ConnectAsync(port, "one.example"))
        {
            await using var server = await serving;
            Assert.Equal("one.example", server.TargetHostName);
        }

        using var hello = await StreamUpstream.ConnectAsync(port);
        await hello.SendAsync(ClientHello.Make("a.two.example"));
        using var told = await two.AcceptAsync();

        // The signature of the PROXY protocol, version 2, comes first.
        Assert.Equal("\r\n\r\n", await told.HearAsync(4));
        using var silent = await StreamUpstream.ConnectAsync(port);
        using var shell = await ssh.AcceptAsync();
        await shell.SayAsync("SSH-2.0-x\r\n");
        Assert.Equal("SSH-2.0-x\r\n", await silent.HearAsync(11));
    }

    private static async Task<TestProxy> StartAsync(TestCertificate certificate, params (string Name, int Port)[] ports)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("conf", "examples", "tcp-relay.yaml"));
        text = Regex.Replace(text, @"0\.0\.0\.0:\$\{[A-Z_]+:-[0-9]+\}", "127.0.0.1:0");
        foreach (var (name, port) in ports)
        {
            text = Regex.Replace(text, $@"\$\{{{name}:-[0-9]+\}}", $"{port}");
        }

        text = text.Replace("${CERT:-certs/example.com.pem}", certificate.CertPath, StringComparison.Ordinal).Replace("${KEY:-certs/example.com.key}", certificate.KeyPath, StringComparison.Ordinal);
        var listeners = text.IndexOf("listeners:", StringComparison.Ordinal);
        var plugins = text.IndexOf("plugins:", StringComparison.Ordinal);
        var folder = Repository.PathOf("artifacts", "bin", "FilterProxy", new DirectoryInfo(AppContext.BaseDirectory).Name, "plugins");
        return await TestProxy.StartAsync($"{text[listeners..]}\n{text[plugins..listeners]}\nplugin_path: {folder}\n");
    }
}
