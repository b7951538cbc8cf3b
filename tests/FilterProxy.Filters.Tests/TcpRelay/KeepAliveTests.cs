using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>Whether the kernel asks both machines if they are still there: <c>/proc/net/tcp</c> has the timer of each socket.</summary>
public sealed class KeepAliveTests
{
    [Theory]
    [InlineData("auto")]
    [InlineData("sockets")]
    public async Task Both_machines_are_asked_after_the_time_told(string io)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, "keepalive: 90s", io: io);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        await RoundTripAsync(client, server);

        // The system's own default is two hours.
        await Poll.UntilAsync(() => TimerOf(client.RemoteEndPoint, client.LocalEndPoint) is { Kind: 2, Seconds: > 1 and <= 90 });
        await Poll.UntilAsync(() => TimerOf(server.RemoteEndPoint, server.LocalEndPoint) is { Kind: 2, Seconds: > 1 and <= 90 });
    }

    [Fact]
    public async Task Nobody_is_asked_where_that_is_off()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, "keepalive: off");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        await RoundTripAsync(client, server);

        // What was sent has been acknowledged when no timer is left.
        await Poll.UntilAsync(() => TimerOf(client.RemoteEndPoint, client.LocalEndPoint) is { Kind: 0 });
        await Poll.UntilAsync(() => TimerOf(server.RemoteEndPoint, server.LocalEndPoint) is { Kind: 0 });
    }

    private static async Task RoundTripAsync(Socket client, Socket server)
    {
        await client.SayAsync("x");
        await server.HearAsync(1);
        await server.SayAsync("y");
        await client.HearAsync(1);
    }

    /// <summary>The timer of the socket at one end: 1 sends again, 2 asks, 0 is none.</summary>
    private static (int Kind, double Seconds)? TimerOf(EndPoint? local, EndPoint? remote)
    {
        foreach (var line in File.ReadLines("/proc/net/tcp").Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (PortOf(fields[1]) == ((IPEndPoint)local!).Port && PortOf(fields[2]) == ((IPEndPoint)remote!).Port)
            {
                var timer = fields[5].Split(':');
                return (Number(timer[0]), Number(timer[1]) / 100.0);
            }
        }

        return null;
    }

    private static int PortOf(string address) => Number(address[(address.IndexOf(':', StringComparison.Ordinal) + 1)..]);

    private static int Number(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
