using FilterProxy.Filters.Resp;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Resp;

/// <summary>The client and a real redis-server.</summary>
public sealed class RespServerTests
{
    private static readonly RespScript Add = new("return redis.call('incrby', KEYS[1], ARGV[1])");

    [ProgramFact("redis-server")]
    public async Task Both_versions_of_the_protocol_are_spoken()
    {
        await using var server = await RedisServer.StartAsync();
        foreach (var (protocol, map) in ((RespProtocol, RespKind)[])[(RespProtocol.Resp2, RespKind.Array), (RespProtocol.Resp3, RespKind.Map), (RespProtocol.Auto, RespKind.Map)])
        {
            await using var rig = await RespRig.StartAsync(RespRig.Patient with { Protocol = protocol }, server.Port);

            Assert.True((await rig.AskAsync("HSET", "h", "a", "\r\n*1")).IsDone);
            var all = (await rig.AskAsync("HGETALL", "h")).Value;
            Assert.Equal((protocol, map, "\r\n*1"), (protocol, all.Kind, all.Items[1].Text));
            Assert.True((await rig.AskAsync("GET", "none")).Value.IsNull);
            Assert.True((await rig.AskAsync("INCR", "h")).Value.IsErrorOf("WRONGTYPE"u8));
        }
    }

    [ProgramFact("redis-server")]
    public async Task Commands_of_many_callers_share_a_connection_and_get_their_own_answers()
    {
        await using var server = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5000).Select(i => rig.AskAsync("ECHO", $"{i}")));

        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"{i}"), answers.Select(a => a.Value.Text));
        Assert.Contains("connected_clients:1\r\n", (await rig.AskAsync("INFO", "clients")).Value.Text, StringComparison.Ordinal);
    }

    [ProgramFact("redis-server")]
    public async Task A_script_is_called_by_its_hash_and_given_again_after_a_flush()
    {
        await using var server = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);
        async Task<long> CallAsync() => (await rig.Client.SendAsync(Add.Call(1, 1).AddKey("n").Add(2))).Value.Integer;

        Assert.Equal(2, await CallAsync());
        Assert.Equal(4, await CallAsync());
        Assert.True((await rig.AskAsync("SCRIPT", "FLUSH")).IsDone);
        Assert.Equal(6, await CallAsync());
    }

    [ProgramFact("redis-server")]
    public async Task A_user_logs_in_and_chooses_a_database()
    {
        await using var server = await RedisServer.StartAsync("--requirepass", "s3cret", "--user", "ada", "on", ">pass", "~*", "+@all");
        foreach (var protocol in Enum.GetValues<RespProtocol>())
        {
            await using var named = await RespRig.StartAsync(RespRig.Patient with { Protocol = protocol, User = "ada", Password = "pass", Database = 3 }, server.Port);
            await using var unnamed = await RespRig.StartAsync(RespRig.Patient with { Protocol = protocol, Password = "s3cret", Database = 3 }, server.Port);
            await using var elsewhere = await RespRig.StartAsync(RespRig.Patient with { Protocol = protocol, Password = "s3cret" }, server.Port);

            Assert.Equal("ada", (await named.AskAsync("ACL", "WHOAMI")).Value.Text);
            Assert.True((await named.AskAsync("SET", "k", "v")).IsDone);
            Assert.Equal("v", (await unnamed.AskAsync("GET", "k")).Value.Text);
            Assert.True((await elsewhere.AskAsync("GET", "k")).Value.IsNull);
        }
    }

    [ProgramFact("redis-server")]
    public async Task A_wrong_password_is_said_in_the_log_without_the_password()
    {
        await using var server = await RedisServer.StartAsync("--requirepass", "s3cret");
        foreach (var protocol in Enum.GetValues<RespProtocol>())
        {
            await using var wrong = await RespRig.StartAsync(RespRig.Patient with { Protocol = protocol, Password = "g3heim" }, server.Port);
            await using var missing = await RespRig.StartAsync(RespRig.Patient with { Protocol = protocol }, server.Port);

            Assert.Equal(RespFailure.NotConnected, (await wrong.AskAsync("PING")).Failure);
            Assert.Equal(RespFailure.NotConnected, (await missing.AskAsync("PING")).Failure);
            Assert.Contains("WRONGPASS", wrong.Log[0], StringComparison.Ordinal);
            Assert.DoesNotContain("g3heim", wrong.Log[0], StringComparison.Ordinal);
            Assert.Contains("NOAUTH", missing.Log[0], StringComparison.Ordinal);
        }
    }

    [ProgramFact("redis-server")]
    public async Task A_server_that_was_killed_is_used_again_when_it_is_back()
    {
        await using var server = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);
        Assert.True((await rig.AskAsync("PING")).IsDone);

        await server.KillAsync();
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).Failure == RespFailure.NotConnected);
        Assert.True(rig.Client.IsAway);

        await server.StartAgainAsync();
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).IsDone);
        Assert.False(rig.Client.IsAway);
        Assert.Contains("Information: redis redis is back.", rig.Log);
    }

    [ProgramFact("redis-server")]
    public async Task A_server_that_stands_still_fails_its_callers_in_time_and_is_used_again_when_it_goes_on()
    {
        await using var server = await RedisServer.StartAsync();
        await using var rig = await RespRig.StartAsync(RespRig.Patient with { Timeout = TimeSpan.FromMilliseconds(200), ConnectTimeout = TimeSpan.FromSeconds(2) }, server.Port);
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).IsDone);

        await server.PauseAsync();
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).Failure == RespFailure.Timeout);
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).Failure == RespFailure.NotConnected);

        await server.ResumeAsync();
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).IsDone);
    }

    [ProgramFact("redis-server")]
    public async Task TLS_is_the_clusters()
    {
        using var certificate = new TestCertificate("localhost");
        await using var server = await RedisServer.StartAsync(
            "--port", "0", "--tls-port", "PORT", "--tls-cert-file", certificate.CertPath, "--tls-key-file", certificate.KeyPath, "--tls-auth-clients", "no");
        await using var rig = await RespRig.StartAsync(RespRig.Patient, $"{{ endpoints: [\"127.0.0.1:{server.Port}\"], tls: {{ insecure: true }} }}");

        Assert.True((await rig.AskAsync("PING")).IsDone);
    }

    [ProgramFact("redis-server")]
    public async Task Keys_of_a_redis_cluster_are_asked_for_where_they_are()
    {
        await using var first = await ClusterNodeAsync();
        await using var second = await ClusterNodeAsync();
        await using var one = await RespRig.StartAsync(RespRig.Patient, first.Port);
        await using var two = await RespRig.StartAsync(RespRig.Patient, second.Port);
        Assert.True((await one.AskAsync("CLUSTER", "ADDSLOTSRANGE", "0", "8191")).IsDone);
        Assert.True((await two.AskAsync("CLUSTER", "ADDSLOTSRANGE", "8192", "16383")).IsDone);
        var bus = (await two.AskAsync("CONFIG", "GET", "cluster-port")).Value.Items[1].Text;
        Assert.True((await one.AskAsync("CLUSTER", "MEET", "127.0.0.1", $"{second.Port}", bus)).IsDone);
        await using var rig = await RespRig.StartAsync(RespRig.Patient, first.Port, second.Port);
        await Poll.UntilAsync(async () => await IsWholeAsync(one) && await IsWholeAsync(two), TimeSpan.FromSeconds(60));

        for (var i = 0; i < 20; i++)
        {
            Assert.True((await rig.AskKeyAsync("SET", $"key{i}", $"{i}")).IsDone);
            Assert.Equal(i + 1, (await rig.Client.SendAsync(Add.Call(1, 1).AddKey($"key{i}").Add(1))).Value.Integer);
        }

        // "foo" is in a slot of the second node, which hands it over to the first: a key that has not moved is still there, a new one is here.
        var target = (await one.AskAsync("CLUSTER", "MYID")).Value.Text;
        var source = (await two.AskAsync("CLUSTER", "MYID")).Value.Text;
        Assert.True((await one.AskAsync("CLUSTER", "SETSLOT", "12182", "IMPORTING", source)).IsDone);
        Assert.True((await two.AskAsync("CLUSTER", "SETSLOT", "12182", "MIGRATING", target)).IsDone);
        Assert.True((await rig.AskKeyAsync("SET", "foo", "bar")).IsDone);
        Assert.Equal("bar", (await rig.AskKeyAsync("GET", "foo")).Value.Text);
    }

    private static Task<RedisServer> ClusterNodeAsync() => RedisServer.StartAsync("--cluster-enabled", "yes", "--cluster-port", $"{ExternalProgram.FreePort()}");

    private static async Task<bool> IsWholeAsync(RespRig rig) =>
        (await rig.AskAsync("CLUSTER", "INFO")).Value.Text is var info && info.Contains("cluster_state:ok", StringComparison.Ordinal)
        && info.Contains("cluster_known_nodes:2", StringComparison.Ordinal) && info.Contains("cluster_slots_assigned:16384", StringComparison.Ordinal);
}
