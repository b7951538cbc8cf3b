using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Stun;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>Addresses at which an end may be reached, and which of the other's are tried.</summary>
internal static class Candidates
{
    /// <summary>The most that one end names.</summary>
    public const int Most = 8;

    /// <summary>A socket for one connection, at a port of its own; null where there is none to be had.</summary>
    public static Socket? TryOpen()
    {
        var isDual = Socket.OSSupportsIPv6;
        Socket? socket = null;
        try
        {
            socket = new Socket(isDual ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            if (isDual)
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(isDual ? IPAddress.IPv6Any : IPAddress.Any, 0));
            return socket;
        }
        catch (SocketException)
        {
            socket?.Dispose();
            return null;
        }
    }

    /// <summary>Where a socket may be reached: as servers see it, and at this machine's own addresses.</summary>
    /// <param name="socket">Nobody else may receive by it meanwhile.</param>
    /// <param name="options">Whom to ask.</param>
    /// <param name="limit">How long that may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public static async Task<IReadOnlyList<IPEndPoint>> GatherAsync(Socket socket, DirectOptions options, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var servers = await StunServers.ResolveAsync(options.Stun, socket.AddressFamily == AddressFamily.InterNetworkV6, both.Token);
        var left = limit - time.GetElapsedTime(began);
        var mapped = left > TimeSpan.Zero ? await new StunClient(socket, time).AskAsync(servers, left, cancel) : [];
        var local = options.LocalAddresses ? LocalOf(socket) : [];
        return [.. mapped.Concat(local).Distinct().Take(Most)];
    }

    /// <summary>Those of the other end's that are tried: never a group's, nor this machine's own, unless it is itself seen there.</summary>
    /// <param name="theirs">As the other end names them.</param>
    /// <param name="own">This end's.</param>
    public static IReadOnlyList<IPEndPoint> Usable(IReadOnlyList<IPEndPoint> theirs, IReadOnlyList<IPEndPoint> own)
    {
        var isLocal = own.Any(candidate => IPAddress.IsLoopback(candidate.Address));
        return [.. theirs.Where(candidate => IsUsable(candidate, isLocal)).Distinct().Take(Most)];
    }

    private static bool IsUsable(IPEndPoint candidate, bool isLocal)
    {
        var address = candidate.Address.IsIPv4MappedToIPv6 ? candidate.Address.MapToIPv4() : candidate.Address;
        if (candidate.Port == 0 || (IPAddress.IsLoopback(address) && !isLocal))
        {
            return false;
        }

        return address.AddressFamily == AddressFamily.InterNetwork
            // 0/8 is nobody, 224/4 are groups, and 240/4 are reserved, the last of them for all at once.
            ? address.GetAddressBytes() is [not 0 and < 224, _, _, _]
            : !address.IsIPv6Multicast && !address.IsIPv6LinkLocal && !address.Equals(IPAddress.IPv6Any);
    }

    private static IEnumerable<IPEndPoint> LocalOf(Socket socket)
    {
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        var withIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        return LocalAddresses.Find().Where(address => withIPv6 || address.AddressFamily == AddressFamily.InterNetwork).Select(address => new IPEndPoint(address, port));
    }
}
