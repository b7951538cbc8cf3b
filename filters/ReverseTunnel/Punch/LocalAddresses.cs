using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>This machine's own addresses at which others may reach it. To ask for them costs several files of /proc for each interface, so that they are kept for a while.</summary>
internal static class LocalAddresses
{
    private const long KeptMilliseconds = 5000;

    private static Known? s_known;

    /// <summary>Those of IPv4 first; neither loopback nor what holds on one link alone.</summary>
    public static IReadOnlyList<IPAddress> Find()
    {
        var known = Volatile.Read(ref s_known);
        if (known is null || Environment.TickCount64 - known.At > KeptMilliseconds)
        {
            known = new Known(Environment.TickCount64, Ask());
            Volatile.Write(ref s_known, known);
        }

        return known.Addresses;
    }

    private static IReadOnlyList<IPAddress> Ask()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(one => one.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown && one.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(one => one.GetIPProperties().UnicastAddresses)
                .Select(one => one.Address)
                .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
                .OrderBy(address => address.AddressFamily)];
        }
        catch (NetworkInformationException)
        {
            // The machine does not tell.
            return [];
        }
    }

    private sealed record Known(long At, IReadOnlyList<IPAddress> Addresses);
}
