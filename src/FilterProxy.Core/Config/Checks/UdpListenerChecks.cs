using System.Net;
using FilterProxy.Core.Config.Addresses;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>udp_listeners</c>.</summary>
internal static class UdpListenerChecks
{
    public static void Run(CheckContext context)
    {
        var config = context.Config;
        var taken = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, listener) in config.UdpListeners)
        {
            NameChecks.Check(context, nameof(config.UdpListeners), "UDP listener", name);
            if (!context.IsBound(listener, nameof(listener.Address)))
            {
                continue;
            }

            if (!ListenAddress.TryParse(listener.Address, out var endPoint, out var error) || endPoint is not IPEndPoint { Port: var port })
            {
                context.Refuse(listener, nameof(listener.Address), error.Length > 0 ? error : "a UDP listener needs an IP address like '0.0.0.0:53'");
            }
            else if (port != 0 && !taken.TryAdd(endPoint.ToString()!, name))
            {
                context.Refuse(listener, nameof(listener.Address), $"UDP listener '{taken[endPoint.ToString()!]}' already has the address {listener.Address}");
            }
        }
    }
}
