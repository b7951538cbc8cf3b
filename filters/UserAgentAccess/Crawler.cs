using System.Buffers;
using System.Net;
using FilterProxy.Filters.Networks;

namespace FilterProxy.Filters.UserAgentAccess;

/// <summary>A crawler that is known by its name and by where it comes from.</summary>
internal sealed class Crawler
{
    private readonly AddressTable<bool> _networks;

    public Crawler(CrawlerOptions options, ComponentContext context)
    {
        Name = options.Name;
        Agents = SearchValues.Create([.. options.Agents], StringComparison.OrdinalIgnoreCase);
        _networks = AddressTable<bool>.Create(
            options.Networks.Concat(options.Files.SelectMany(file => NetworkFile.Read(context.UseFile(file)))).Select(network => (network, true)), false);
    }

    public string Name { get; }

    /// <summary>What it calls itself, and whoever pretends to be it.</summary>
    public SearchValues<string> Agents { get; }

    /// <summary>Whether it is at home at an address.</summary>
    public bool IsFrom(IPAddress? address) => address is not null && _networks.Of(address);
}
