using System.Net;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;
using UpstreamConnection = FilterProxy.Core.Transport.UpstreamConnection;

namespace FilterProxy.Tests.Transport;

/// <summary>A pool whose connections began with a PROXY protocol header: each serves one client alone.</summary>
public sealed class PerDownstreamPoolTests : IDisposable
{
    private static readonly PoolRules Rules = PoolRules.Default with { ConnectTimeout = TimeSpan.FromSeconds(5), PerDownstream = true };
    private readonly FakeTimeProvider _time = new();
    private readonly Heartbeat _heartbeat;
    private readonly FakeConnector _connector = new();

    public PerDownstreamPoolTests() => _heartbeat = new Heartbeat(_time);

    public void Dispose() => _heartbeat.Dispose();

    [Fact]
    public async Task A_connection_is_lent_again_to_its_own_client_only()
    {
        var pool = Pool(Rules);
        var (one, other) = (Client(1), Client(2));
        var first = await RentAsync(pool, one);
        pool.Return(first);

        Assert.Null(pool.TryRent(other));
        Assert.Null(pool.TryRent(null));
        var second = await RentAsync(pool, other);
        Assert.NotSame(first, second);
        Assert.Same(first, pool.TryRent(Client(1)));
        Assert.True(first.Reused);
    }

    [Fact]
    public async Task One_that_died_is_not_lent()
    {
        var pool = Pool(Rules);
        var client = Client(1);
        pool.Return(await RentAsync(pool, client));
        _connector.Opened[0].End();

        Assert.Null(pool.TryRent(client));
        Assert.Equal((0, 1), (pool.Open, _connector.Opened[0].Closed));
    }

    [Fact]
    public async Task At_the_limit_another_clients_idle_connection_gives_way()
    {
        var pool = Pool(Rules with { Max = 1 });
        pool.Return(await RentAsync(pool, Client(1)));

        var second = await RentAsync(pool, Client(2));

        Assert.Equal((1, 0, 1), (pool.Open, pool.Idle, _connector.Opened[0].Closed));
        Assert.Equal(Client(2).RemotePort, second.Downstream!.RemotePort);
    }

    [Fact]
    public async Task At_the_limit_a_waiter_gets_the_place_and_not_the_connection_of_another()
    {
        var pool = Pool(Rules with { Max = 1 });
        var first = await RentAsync(pool, Client(1));
        var waiting = RentAsync(pool, Client(2));
        Assert.False(waiting.IsCompleted);

        pool.Return(first);

        Assert.NotSame(first, await waiting);
        Assert.Equal((1, 1), (pool.Open, _connector.Opened[0].Closed));
    }

    [Fact]
    public async Task A_client_that_is_gone_takes_its_connections_along()
    {
        var pool = Pool(Rules);
        var (idle, busy) = (Client(1), Client(2));
        pool.Return(await RentAsync(pool, idle));
        var used = await RentAsync(pool, busy);

        idle.IsClosed = true;
        busy.IsClosed = true;
        pool.OnHeartbeat(_heartbeat.Now);
        Assert.Equal((1, 1), (pool.Open, _connector.Opened[0].Closed));

        pool.Return(used);
        Assert.Equal((0, 1), (pool.Open, _connector.Opened[1].Closed));
    }

    private ConnectionPool Pool(PoolRules rules) => new(FakeConnector.Peer, _connector, rules, _heartbeat, shelves: 1);

    private static DownstreamInfo Client(int port) => new()
    {
        RemoteAddress = IPAddress.Parse("203.0.113.9"),
        RemotePort = port,
        LocalAddress = IPAddress.Loopback,
        LocalPort = 80,
    };

    private static async Task<UpstreamConnection> RentAsync(ConnectionPool pool, DownstreamInfo client) =>
        pool.TryRent(client) ?? (await pool.RentAsync(new ConnectContext(client), CancellationToken.None)).Connection!;
}
