using System.Security.Cryptography;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.Resp;
using FilterProxy.Filters.Tests.ReverseTunnel.Services;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Services.ServicesRig;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Programs;

/// <summary>Programs of others that use services behind an agent, at ports and names of the server.</summary>
public sealed class TunnelProgramTests
{
    [ProgramFact("curl")]
    public async Task Curl_sends_and_fetches_a_file_over_HTTP1_and_HTTP2()
    {
        using var folder = new ScratchFolder();
        var bytes = RandomNumberGenerator.GetBytes(1_000_000);
        await File.WriteAllBytesAsync(folder["sent"], bytes);
        await using var origin = TestUpstream.Start(request => UpstreamResponse.Create(200, request.Body));
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, origin.Port);
        foreach (var version in new[] { "--http1.1", "--http2-prior-knowledge" })
        {
            await ProgramRun.OfAsync(
                "curl", "-sS", "--fail", version, "-H", "Host: app.example", "--data-binary", $"@{folder["sent"]}", "-o", folder["back"], $"http://127.0.0.1:{server.Port}/");

            var back = await File.ReadAllBytesAsync(folder["back"]);
            Assert.True(bytes.AsSpan().SequenceEqual(back), version);
        }
    }

    [ProgramFact("sshd", "ssh", "scp", "ssh-keygen")]
    public async Task Ssh_runs_a_command_and_scp_copies_there_and_back()
    {
        await using var sshd = await SshServer.StartAsync();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, sshd.Port, isStream: true);

        Assert.Contains("hello", await sshd.RunAsync(PortOf(agent, "service"), "echo hello"), StringComparison.Ordinal);
        await sshd.CopyThereAndBackAsync(PortOf(agent, "service"), 2_000_000);
    }

    [ProgramFact("sshd", "ssh", "scp", "ssh-keygen"), Trait("suite", "long")]
    public async Task Scp_copies_200_megabytes_there_and_back()
    {
        await using var sshd = await SshServer.StartAsync();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, sshd.Port, isStream: true);

        await sshd.CopyThereAndBackAsync(PortOf(agent, "service"), 200_000_000);
    }

    [ProgramFact("redis-server", "redis-cli")]
    public async Task Redis_cli_asks_a_redis()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, redis.Port, isStream: true);

        Assert.StartsWith("OK", await ProgramRun.OfAsync("redis-cli", "-p", $"{PortOf(agent, "service")}", "set", "a", "b"), StringComparison.Ordinal);
        Assert.StartsWith("b", await ProgramRun.OfAsync("redis-cli", "-p", $"{PortOf(agent, "service")}", "get", "a"), StringComparison.Ordinal);
    }

    [ProgramFact("redis-server", "redis-benchmark"), Trait("suite", "long")]
    public async Task Redis_benchmark_gets_all_its_answers_on_fifty_connections()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, redis.Port, isStream: true);

        Assert.Contains(
            "requests per second", await ProgramRun.OfAsync("redis-benchmark", "-p", $"{PortOf(agent, "service")}", "-q", "-n", "50000", "-c", "50", "-t", "set,get"), StringComparison.Ordinal);
    }

    [ProgramFact("psql", "pgbench"), Trait("suite", "long")]
    public async Task PostgreSQL_serves_psql_and_pgbench()
    {
        Assert.NotNull(Postgres.Programs);
        using var folder = new ScratchFolder();
        var port = ExternalProgram.FreePort();
        await using var postgres = await Postgres.StartAsync(folder, await Postgres.CreateAsync(folder), port);
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, port, isStream: true);

        string[] to = ["-h", "127.0.0.1", "-p", $"{PortOf(agent, "service")}", "-U", "postgres"];
        await ProgramRun.OfAsync("pgbench", [.. to, "-i", "-q", "postgres"]);
        Assert.Contains("100/100", await ProgramRun.OfAsync("pgbench", [.. to, "-c", "4", "-t", "25", "postgres"]), StringComparison.Ordinal);
        Assert.Contains("100000", await ProgramRun.OfAsync("psql", [.. to, "-c", "select count(*) from pgbench_accounts", "postgres"]), StringComparison.Ordinal);
    }

    private static Task<TestProxy> StartAgentAsync(TestProxy server, int origin, bool isStream = false) => ServicesRig.StartAgentAsync(
        server, "n1", "apps", $"127.0.0.1:{origin}", isStream ? "{ name: service, type: tcp, cluster: origin }" : "{ name: service, hosts: [app.example] }");
}
