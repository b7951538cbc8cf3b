using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using FilterProxy.Filters.ReverseTunnel.Punch;
using FilterProxy.Filters.Tests.UdpRelay;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Punch;

/// <summary>Two ends that look for each other over sockets of loopback.</summary>
public sealed class PuncherTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20), Short = TimeSpan.FromMilliseconds(700);
    private readonly PunchKeys _keys = Keys(1);
    private readonly Socket _visitor = Candidates.TryOpen()!, _agent = Candidates.TryOpen()!;
    private readonly CancellationTokenSource _verdict = new(Long);

    public void Dispose()
    {
        _visitor.Dispose();
        _agent.Dispose();
        _verdict.Dispose();
    }

    [Fact]
    public async Task Two_ends_find_each_other()
    {
        var (visitor, agent) = await PunchAsync([At(_agent)], [At(_visitor)], Long);

        Assert.Equal(At(_agent), Plain(visitor));
        Assert.Equal(At(_visitor), Plain(agent));
    }

    [Fact]
    public async Task An_end_that_was_told_nothing_usable_finds_the_other_by_what_it_hears()
    {
        using var nobody = new UdpPeer();

        var (visitor, agent) = await PunchAsync([new(IPAddress.Loopback, nobody.Port), At(_agent)], [], Long);

        Assert.Equal((At(_agent), At(_visitor)), (Plain(visitor), Plain(agent)));
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.7)]
    public async Task Datagrams_that_are_lost_are_said_again(double share)
    {
        var chances = new[] { new Random(1), new Random(2) };
        await using var middle = new UdpMiddle(At(_visitor), At(_agent)) { Loses = (isFromOne, _) => chances[isFromOne ? 0 : 1].NextDouble() < share };

        var (visitor, agent) = await PunchAsync([middle.Other], [middle.One], Long);

        Assert.Equal((middle.Other, middle.One), (Plain(visitor), Plain(agent)));
    }

    [Fact]
    public async Task They_do_not_answer_each_other_without_an_end()
    {
        await using var middle = new UdpMiddle(At(_visitor), At(_agent));

        await PunchAsync([middle.Other, At(_agent)], [middle.One, At(_visitor)], Long);

        // Two questions and their answers each way, a choice, a confirmation, and what the next rounds may add on a machine that is busy.
        Assert.InRange(middle.Heard.Count, 0, 100);
    }

    [Fact]
    public async Task Nobody_there_is_nobody_found()
    {
        using var nobody = new UdpPeer();
        var watch = Stopwatch.StartNew();

        var (visitor, agent) = await PunchAsync([new(IPAddress.Loopback, nobody.Port)], [new(IPAddress.Loopback, nobody.Port)], Short);

        Assert.Equal((null, null), (visitor, agent));
        Assert.True(watch.Elapsed < Long, $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_way_in_one_direction_is_none(bool isLostFromVisitor)
    {
        await using var middle = new UdpMiddle(At(_visitor), At(_agent)) { Loses = (isFromOne, _) => isFromOne == isLostFromVisitor };

        Assert.Equal((null, null), await PunchAsync([middle.Other], [middle.One], Short));
    }

    [Fact]
    public async Task Who_has_other_keys_is_not_heard_and_not_answered()
    {
        using var stranger = Candidates.TryOpen()!;
        using var short1 = new CancellationTokenSource(Short);

        // It knows both addresses, and sends what would be right but for the keys; and others send what comes to mind.
        var strangers = new Puncher(stranger, Keys(2), isVisitor: true, [At(_agent)], TimeProvider.System).RunAsync(short1.Token);
        using var other = new UdpPeer();
        foreach (var length in new[] { 0, 1, PunchDatagram.Length - 1, PunchDatagram.Length, PunchDatagram.Length + 1, 1400 })
        {
            var bytes = new byte[length];
            bytes.AsSpan().Fill((byte)PunchKind.Choose);
            await other.SendAsync(At(_agent).Port, bytes);
        }

        var agent = await new Puncher(_agent, _keys, isVisitor: false, [], TimeProvider.System).RunAsync(short1.Token);

        Assert.Null(agent);
        Assert.Null(await strangers);
        Assert.Equal(0, stranger.Available);
        Assert.False(other.HasMore);
    }

    [Fact]
    public async Task What_is_sent_back_to_its_sender_is_nothing()
    {
        using var mirror = new UdpPeer();
        using var limit = new CancellationTokenSource(Short);
        var punching = new Puncher(_visitor, _keys, isVisitor: true, [new(IPAddress.Loopback, mirror.Port)], TimeProvider.System).RunAsync(limit.Token);
        for (var i = 0; i < 5; i++)
        {
            await mirror.SendAsync(At(_visitor).Port, (await mirror.ReceiveAsync()).Bytes);
        }

        Assert.Null(await punching);
    }

    [Fact]
    public async Task What_is_heard_and_said_again_from_elsewhere_leads_nobody_there()
    {
        // Nothing of the visitor's arrives but by whoever listens, whose own address the agent takes it for; what the agent says to that one goes nowhere.
        await using var middle = new UdpMiddle(At(_visitor), At(_agent)) { Loses = (isFromOne, _) => isFromOne };
        using var thief = new UdpPeer();
        using var over = new CancellationTokenSource();
        var stealing = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                foreach (var (_, bytes) in middle.Heard.Where(heard => heard.IsFromOne))
                {
                    await thief.SendAsync(At(_agent).Port, bytes);
                }

                await Task.Delay(20);
            }
        });

        var found = await PunchAsync([middle.Other], [middle.One], Short);

        await over.CancelAsync();
        await stealing;
        Assert.Equal((null, null), found);
    }

    [Fact]
    public async Task A_choice_that_is_said_again_from_elsewhere_does_not_change_where_the_agent_goes()
    {
        await using var middle = new UdpMiddle(At(_visitor), At(_agent));
        using var thief = new UdpPeer();
        using var limit = new CancellationTokenSource(Long);
        var agent = new Puncher(_agent, _keys, isVisitor: false, [middle.One], TimeProvider.System).RunAsync(_verdict.Token);
        await new Puncher(_visitor, _keys, isVisitor: true, [middle.Other], TimeProvider.System).RunAsync(limit.Token);
        foreach (var (_, bytes) in middle.Heard.Where(heard => heard.IsFromOne))
        {
            await thief.SendAsync(At(_agent).Port, bytes);
        }

        await _verdict.CancelAsync();

        Assert.Equal(middle.One, Plain(await agent));
    }

    [Fact]
    public async Task The_agent_sends_to_few_addresses_it_was_not_told()
    {
        // Even where somebody says the visitor's words again from everywhere.
        var ask = new byte[PunchDatagram.Length];
        new PunchDatagram(PunchKind.Ask, 7).Write(_keys.Visitor, ask);
        var many = Enumerable.Range(0, 40).Select(_ => new UdpPeer()).ToList();
        using var limit = new CancellationTokenSource(Short);
        var punching = new Puncher(_agent, _keys, isVisitor: false, [], TimeProvider.System).RunAsync(limit.Token);
        foreach (var one in many)
        {
            await one.SendAsync(At(_agent).Port, ask);
        }

        await punching;
        Assert.InRange(many.Count(one => one.HasMore), 1, 8);
        many.ForEach(one => one.Dispose());
    }

    [Fact]
    public void A_datagram_is_read_with_its_key_alone_and_only_whole()
    {
        var bytes = new byte[PunchDatagram.Length];
        new PunchDatagram(PunchKind.Confirm, 0x0123456789abcdef).Write(_keys.Agent, bytes);

        Assert.True(PunchDatagram.TryRead(bytes, _keys.Agent, out var read));
        Assert.Equal(new PunchDatagram(PunchKind.Confirm, 0x0123456789abcdef), read);
        Assert.False(PunchDatagram.TryRead(bytes, _keys.Visitor, out _));
        Assert.False(PunchDatagram.TryRead([.. bytes, 0], _keys.Agent, out _));
        for (var i = 0; i < bytes.Length; i++)
        {
            Assert.False(PunchDatagram.TryRead(bytes.AsSpan(0, i), _keys.Agent, out _));
            var changed = bytes.ToArray();
            changed[i] ^= 1;
            Assert.False(PunchDatagram.TryRead(changed, _keys.Agent, out _));
        }
    }

    [Fact]
    public void Keys_are_of_both_ends_randomness()
    {
        var (one, two) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));
        var keys = new PunchKeys(one, two);

        Assert.Equal(keys.Stream, new PunchKeys(one, two).Stream);
        Assert.Equal(6, new[] { keys.Stream, keys.Agent, keys.Visitor, new PunchKeys(two, one).Stream, new PunchKeys(one, one).Stream, new PunchKeys(two, two).Stream }.Select(Convert.ToHexString).Distinct().Count());
    }

    private static PunchKeys Keys(byte seed) => new([.. Enumerable.Repeat(seed, 32)], [.. Enumerable.Repeat((byte)99, 32)]);

    private static IPEndPoint At(Socket socket) => new(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port);

    private static IPEndPoint? Plain(IPEndPoint? address) => address is null ? null : new(address.Address.IsIPv4MappedToIPv6 ? address.Address.MapToIPv4() : address.Address, address.Port);

    /// <summary>Both ends, as a visit has them: the agent goes on until the visitor has decided.</summary>
    private async Task<(IPEndPoint? Visitor, IPEndPoint? Agent)> PunchAsync(IReadOnlyList<IPEndPoint> toAgent, IReadOnlyList<IPEndPoint> toVisitor, TimeSpan limit)
    {
        using var time = new CancellationTokenSource(limit);
        var agent = new Puncher(_agent, _keys, isVisitor: false, toVisitor, TimeProvider.System).RunAsync(_verdict.Token);
        var visitor = await new Puncher(_visitor, _keys, isVisitor: true, toAgent, TimeProvider.System).RunAsync(time.Token);
        await _verdict.CancelAsync();
        return (visitor, await agent);
    }
}
