using FilterProxy.Filters.Resp;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Resp;

/// <summary>The client and servers that do what a good one would not.</summary>
public sealed class RespClientTests
{
    private static readonly RedisOptions Hasty = RespRig.Patient with { Timeout = TimeSpan.FromMilliseconds(100) };

    [Fact]
    public async Task An_answer_that_does_not_come_is_a_timeout_and_ends_the_connection()
    {
        var mute = true;
        await using var server = new FakeRedis(_ => Volatile.Read(ref mute) ? null : "+OK\r\n");
        await using var rig = await RespRig.StartAsync(Hasty, server.Port);

        Assert.Equal(RespFailure.Timeout, (await rig.AskAsync("PING")).Failure);

        Volatile.Write(ref mute, false);
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).IsDone);
    }

    [Theory]
    [InlineData("garbage\r\n")]
    [InlineData("$-7\r\n")]
    [InlineData("*2000000\r\n")]
    [InlineData("$100000000\r\n")]
    public async Task What_is_not_the_protocol_ends_the_connection(string lie)
    {
        await using var server = new FakeRedis(words => words[0] == "LIE" ? lie : "+OK\r\n");
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);

        Assert.Equal(RespFailure.BadReply, (await rig.AskAsync("LIE")).Failure);
        Assert.True((await rig.AskAsync("PING")).IsDone);
    }

    [Fact]
    public async Task An_answer_too_many_ends_the_connection_before_it_is_taken_for_anothers()
    {
        await using var server = new FakeRedis(words => words[0] == "TWICE" ? "+first\r\n+second\r\n" : "+mine\r\n");
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);

        Assert.Equal("first", (await rig.AskAsync("TWICE")).Value.Text);
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")) is { Value.Text: "mine" });
    }

    [Fact]
    public async Task What_a_server_tells_unasked_is_no_answer()
    {
        await using var server = new FakeRedis(_ => ">2\r\n+invalidate\r\n+x\r\n+OK\r\n");
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);

        Assert.Equal("OK", (await rig.AskAsync("PING")).Value.Text);
    }

    [Fact]
    public async Task More_commands_than_may_wait_fail_at_once()
    {
        await using var server = new FakeRedis(words => words[0] == "HOLD" ? null : "+OK\r\n");
        await using var rig = await RespRig.StartAsync(RespRig.Patient with { MaxPending = 4, Timeout = TimeSpan.FromSeconds(60) }, server.Port);
        Assert.True((await rig.AskAsync("PING")).IsDone);

        var held = Enumerable.Range(0, 4).Select(_ => rig.AskAsync("HOLD")).ToArray();
        var over = await rig.AskAsync("PING");

        Assert.Equal(RespFailure.QueueFull, over.Failure);
        rig.Client.Dispose();
        Assert.All(await Task.WhenAll(held), reply => Assert.Equal(RespFailure.ConnectionLost, reply.Failure));
    }

    [Fact]
    public async Task A_command_that_may_have_been_done_is_not_sent_again()
    {
        await using var server = new FakeRedis(words => words[0] == "BREAK" ? "x" : "+OK\r\n");
        await using var rig = await RespRig.StartAsync(Hasty, server.Port);

        Assert.False((await rig.AskAsync("BREAK")).IsDone);
        await Poll.UntilAsync(async () => (await rig.AskAsync("PING")).IsDone);
        Assert.Single(server.Asked, "BREAK");
    }

    [Fact]
    public async Task A_redirect_is_followed_and_remembered()
    {
        await using var second = new FakeRedis(_ => "+second\r\n");
        var port = second.Port;
        await using var first = new FakeRedis(_ => $"-MOVED 12182 127.0.0.1:{port}\r\n");
        await using var rig = await RespRig.StartAsync(RespRig.Patient, $"{{ endpoints: [ {{ address: \"127.0.0.1:{first.Port}\", priority: 0 }}, {{ address: \"127.0.0.1:{port}\", priority: 1 }} ] }}");

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("second", (await rig.AskKeyAsync("GET", "foo")).Value.Text);
        }

        Assert.Single(first.Asked);
    }

    [Fact]
    public async Task A_slot_on_its_way_is_asked_for_once_and_not_remembered()
    {
        await using var second = new FakeRedis(_ => "+second\r\n");
        var port = second.Port;
        await using var first = new FakeRedis(_ => $"-ASK 12182 127.0.0.1:{port}\r\n");
        await using var rig = await RespRig.StartAsync(RespRig.Patient, $"{{ endpoints: [ {{ address: \"127.0.0.1:{first.Port}\", priority: 0 }}, {{ address: \"127.0.0.1:{port}\", priority: 1 }} ] }}");

        Assert.Equal("second", (await rig.AskKeyAsync("GET", "foo")).Value.Text);
        Assert.Equal("second", (await rig.AskKeyAsync("GET", "foo")).Value.Text);

        Assert.Equal(2, first.Asked.Count);
        Assert.Equal(["ASKING", "GET foo", "ASKING", "GET foo"], second.Asked);
    }

    [Theory]
    [InlineData("-MOVED 12182 169.254.169.254:80\r\n")]
    [InlineData("-MOVED 99999 127.0.0.1:1\r\n")]
    [InlineData("-MOVED\r\n")]
    [InlineData("-ASK x y\r\n")]
    public async Task A_redirect_to_where_nobody_wants_to_go_is_not_followed(string lie)
    {
        await using var server = new FakeRedis(_ => lie);
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);

        Assert.Equal(RespFailure.BadRedirect, (await rig.AskKeyAsync("GET", "foo")).Failure);
        Assert.Contains(rig.Log, line => line.StartsWith("Warning: redis redis answered", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        var port = 0;
        await using var server = new FakeRedis(_ => $"-MOVED 12182 127.0.0.1:{port}\r\n");
        port = server.Port;
        await using var rig = await RespRig.StartAsync(RespRig.Patient, server.Port);

        Assert.Equal(RespFailure.BadRedirect, (await rig.AskKeyAsync("GET", "foo")).Failure);
    }

    [Fact]
    public async Task Where_nobody_listens_callers_are_told_at_once_after_the_first()
    {
        await using var rig = await RespRig.StartAsync(RespRig.Patient with { MaxBackoff = TimeSpan.FromMinutes(10) }, Programs.ExternalProgram.FreePort());

        Assert.Equal(RespFailure.NotConnected, (await rig.AskAsync("PING")).Failure);
        Assert.True(rig.Client.IsAway);
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(RespFailure.NotConnected, (await rig.AskAsync("PING")).Failure);
        }

        Assert.Single(rig.Log, line => line.Contains("cannot be used", StringComparison.Ordinal));
    }
}
