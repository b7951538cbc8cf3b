using System.Collections.Concurrent;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>
/// What an agent keeps for as long as its listener runs, also over reloads that change nothing but its services: its links to servers, and what it offers them. Its tunnels
/// stay, with all that is on them.
/// </summary>
internal sealed class AgentRun(AgentServices services, IReadOnlyList<OfferedService> offered, ComponentContext context)
{
    private readonly HashSet<string> _withdrawn = [];
    private volatile AgentServices _services = services;
    private volatile IReadOnlyList<OfferedService> _offered = offered;

    public ConcurrentDictionary<Endpoint, ServerLink> Links { get; } = new();

    /// <summary>What byte streams may go to now.</summary>
    public AgentServices Services => _services;

    public ServiceOffer Offer { get; } = new();

    /// <summary>Goes on with other services.</summary>
    public void Use(AgentServices services, IReadOnlyList<OfferedService> offered) => (_services, _offered) = (services, offered);

    /// <summary>Looks which services are healthy, and offers those.</summary>
    public void Look()
    {
        var offered = _offered;
        var healthy = offered.Where(service => service.IsHealthy).ToList();
        foreach (var service in offered)
        {
            var isHealthy = healthy.Contains(service);
            if (isHealthy ? _withdrawn.Remove(service.Service.Name) : _withdrawn.Add(service.Service.Name))
            {
                Tell(service, isHealthy);
            }
        }

        Offer.Set([.. healthy.Select(service => service.Service)]);
    }

    private void Tell(OfferedService service, bool isHealthy)
    {
        if (isHealthy)
        {
            Log.Returned(context.Logger, service.Service.Name, service.Health!.Name);
        }
        else
        {
            Log.Withdrawn(context.Logger, service.Service.Name, service.Health!.Name);
        }
    }
}
