using System.Text;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Work;
using FilterProxy.Filters.Tests.ReverseTunnel.Handshake;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Work;

/// <summary>A work connection at the server, with an agent written by hand and a clock that stands still.</summary>
public sealed class WorkIdleTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private readonly HandshakeBench _bench = new() { Handshake = new() { PingInterval = TimeSpan.FromSeconds(2), PingTimeout = TimeSpan.FromSeconds(4) } };
    private readonly CancellationTokenSource _stop = new();
    private HandshakeLine _line = null!;
    private WorkConnection _work = null!;
    private Task<bool> _running = null!;

    public void Dispose()
    {
        _stop.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task Signs_of_life_are_answered_and_keep_it()
    {
        await StartAsync();

        for (var i = 0; i < 3; i++)
        {
            _bench.Clock.Advance(Patience / 2);
            await _line.SendAsync(new byte[1]);
            Assert.Equal("\0", await ReadAsync(1));
        }

        Assert.True(_work.TryTake());
    }

    [Fact]
    public async Task A_silent_agent_is_given_up()
    {
        await StartAsync();

        _bench.Clock.Advance(Patience);

        Assert.False(await EndAsync());
        Assert.False(_work.TryTake());
    }

    [Fact]
    public async Task An_agent_that_speaks_unasked_is_given_up()
    {
        await StartAsync();

        await _line.SendAsync("ok\n");

        Assert.False(await EndAsync());
    }

    [Fact]
    public async Task A_stream_begins_with_the_agents_consent_and_ends_the_connection()
    {
        await StartAsync();
        Assert.True(_work.TryTake());
        Assert.False(_work.TryTake());
        var asking = _work.AskAsync(new WorkAsk("db"), default).AsTask();
        Assert.Equal("tcp db - -\n", await ReadAsync(11));
        await _line.SendAsync("\0\0ok\nhello");
        Assert.Equal("ok", await asking.WaitAsync(TimeSpan.FromSeconds(20)));

        var stream = _work.OpenStream(new AgentEndPoint(new AgentId("acme", "edge-1")));

        Assert.Equal("hello", Encoding.ASCII.GetString((await stream.Transport.Input.ReadAsync()).Buffer));
        Assert.False(_running.IsCompleted);
        await stream.DisposeAsync();
        Assert.True(await EndAsync());
    }

    [Fact]
    public async Task An_agent_that_leaves_as_it_is_asked_is_gone()
    {
        await StartAsync();
        Assert.True(_work.TryTake());
        var asking = _work.AskAsync(new WorkAsk("db"), default).AsTask();
        await ReadAsync(11);

        await _line.CloseAsync();

        Assert.Null(await asking.WaitAsync(TimeSpan.FromSeconds(20)));
        await EndAsync();
    }

    [Fact]
    public async Task A_stop_ends_it_while_it_is_idle()
    {
        await StartAsync();

        await _stop.CancelAsync();

        Assert.False(await EndAsync());
    }

    [Fact]
    public async Task A_stop_leaves_it_to_the_stream_it_has()
    {
        await StartAsync();
        Assert.True(_work.TryTake());
        var asking = _work.AskAsync(new WorkAsk("db"), default).AsTask();
        await ReadAsync(11);

        await _stop.CancelAsync();
        await _line.SendAsync("ok\n");

        Assert.Equal("ok", await asking.WaitAsync(TimeSpan.FromSeconds(20)));
        _work.End();
        Assert.True(await EndAsync());
    }

    [Fact]
    public async Task One_that_is_waited_for_is_given_to_who_waits()
    {
        await StartAsync();
        var (pools, agent) = (new WorkPools(), new AgentId("acme", "edge-1"));
        var waiting = pools.TakeAsync(agent, 1, TimeSpan.FromSeconds(20), default).AsTask();
        Assert.Null(await pools.TakeAsync(agent, 1, TimeSpan.FromSeconds(20), default));

        pools.Add(new AgentId("other", "edge-1"), _work);
        pools.Remove(new AgentId("other", "edge-1"), _work);
        Assert.False(waiting.IsCompleted);
        pools.Add(agent, _work);

        Assert.Same(_work, await waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal((0, 1), pools.CountOf(agent));
    }

    [Fact]
    public async Task Who_waits_for_one_of_an_agent_that_leaves_waits_no_more()
    {
        var (isThere, agent) = (true, new AgentId("acme", "edge-1"));
        var pools = new WorkPools(_ => Volatile.Read(ref isThere));
        var waiting = pools.TakeAsync(agent, 1, TimeSpan.FromMinutes(1), default).AsTask();
        Assert.False(waiting.IsCompleted);

        Volatile.Write(ref isThere, false);
        pools.Wake();

        Assert.Null(await waiting.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task An_agent_that_does_not_take_requests_says_so_and_its_connection_is_over()
    {
        await StartAsync();
        var (pools, agent) = (new WorkPools(), new AgentId("acme", "edge-1"));
        pools.Add(agent, _work);
        var opening = WorkOpener.OpenAsync(pools, agent, WorkAsk.Requests, new() { Transport = TunnelTransport.Work }, default).AsTask();
        Assert.Equal("http - - -\n", await ReadAsync(11));

        await _line.SendAsync("no tunnel_unknown_stream\n");

        Assert.Equal((null, "tunnel_unknown_stream"), await opening.WaitAsync(TimeSpan.FromSeconds(20)));
        await EndAsync();
    }

    private async Task StartAsync()
    {
        await using var server = _bench.Create();
        var (_, admission, line) = await HandshakeBench.AskAsync(server, HandshakeBench.OwnRequest());
        (_line, _work) = (line, new WorkConnection(line, admission!, _bench.Clock));
        _running = _work.RunAsync(_stop.Token);
    }

    private Task<bool> EndAsync() => _running.WaitAsync(TimeSpan.FromSeconds(20));

    private async Task<string> ReadAsync(int count)
    {
        var read = await _line.Agent.Input.ReadAtLeastAsync(count).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        var text = Encoding.ASCII.GetString(read.Buffer);
        _line.Agent.Input.AdvanceTo(read.Buffer.End);
        return text;
    }
}
