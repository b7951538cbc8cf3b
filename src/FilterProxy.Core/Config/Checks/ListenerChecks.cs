using System.Net;
using FilterProxy.Core.Config.Addresses;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>listeners</c>.</summary>
internal static class ListenerChecks
{
    public static void Run(CheckContext context)
    {
        var config = context.Config;
        if (config.Listeners.Count == 0 && context.IsBound(config, nameof(config.Listeners)))
        {
            context.Refuse(config, nameof(config.Listeners), "the configuration has no listeners", "listeners: { web: { address: 0.0.0.0:8080 } }");
        }

        var taken = new Dictionary<EndPoint, string>();
        foreach (var (name, listener) in config.Listeners)
        {
            NameChecks.Check(context, nameof(config.Listeners), "listener", name);
            CheckAddress(context, name, listener, taken);
            if (listener.Protocols.Count == 0 && context.IsBound(listener, nameof(listener.Protocols)))
            {
                context.Refuse(listener, nameof(listener.Protocols), "a listener needs at least one protocol", "http1 is the default");
            }

            context.CheckComponents(listener.Filters, defaults: null);
            if (listener.Limits is { } limits)
            {
                HttpChecks.CheckLimits(context, limits);
            }

            if (listener.Forwarding is { } forwarding)
            {
                HttpChecks.CheckForwarding(context, forwarding);
            }
        }
    }

    private static void CheckAddress(CheckContext context, string name, ListenerConfig listener, Dictionary<EndPoint, string> taken)
    {
        if (!context.IsBound(listener, nameof(listener.Address)))
        {
            return;
        }

        if (!ListenAddress.TryParse(listener.Address, out var endPoint, out var error))
        {
            context.Refuse(listener, nameof(listener.Address), error);
        }
        else if (endPoint is not IPEndPoint { Port: 0 } and not DnsEndPoint { Port: 0 } && !taken.TryAdd(endPoint, name))
        {
            context.Refuse(listener, nameof(listener.Address), $"listener '{taken[endPoint]}' already has the address {listener.Address}");
        }
    }
}
