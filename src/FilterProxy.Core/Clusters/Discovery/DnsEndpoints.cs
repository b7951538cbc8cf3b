using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Clusters.Discovery;

/// <summary>Endpoints from the domain name system, asked for again when the answer's time is up. While it fails the last good answer stays.</summary>
[Component("dns")]
internal sealed partial class DnsEndpoints : IEndpointSource
{
    private readonly DnsEndpointOptions _options;
    private readonly ComponentContext _context;
    private readonly DiscoveryMetrics _metrics;
    private readonly IReadOnlyList<IPEndPoint>? _servers;

    public DnsEndpoints(DnsEndpointOptions options, ComponentContext context)
    {
        (_options, _context, _metrics) = (options, context, new DiscoveryMetrics(context.Meter));
        _servers = options.Servers.Count == 0 ? null : [.. options.Servers.Select(Parse)];
    }

    public async IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        IReadOnlyList<DiscoveredEndpoint>? last = null;
        while (true)
        {
            var (endpoints, ttl) = await ResolveAsync(stop);
            if (endpoints.Count == 0 && !_options.AllowEmpty && last is not null)
            {
                _metrics.Refused(_options.Host, "empty");
                Empty(_context.Logger, _options.Host);
            }
            else if (last is null || !Same(last, endpoints))
            {
                last = endpoints;
                yield return endpoints;
            }

            var wait = TimeSpan.FromSeconds(Math.Clamp(ttl, _options.MinTtl.TotalSeconds, Math.Max(_options.MinTtl.TotalSeconds, _options.MaxTtl.TotalSeconds)));
            await Task.Delay(wait, _context.Time, stop);
        }
    }

    private async Task<(IReadOnlyList<DiscoveredEndpoint> Endpoints, double Ttl)> ResolveAsync(CancellationToken stop)
    {
        var client = new DnsClient(_servers ?? DnsClient.SystemServers(), _options.Timeout);
        if (_options.Records != DnsRecords.Srv)
        {
            var (addresses, ttl) = await AddressesAsync(client, _options.Host, stop);
            return (Endpoints(addresses.Select(address => (address, _options.Port, 0, 1))), ttl);
        }

        var services = await client.ResolveAsync(_options.Host, DnsType.Srv, stop);
        var life = services.Count == 0 ? 0 : services.Min(service => (double)service.Ttl);
        var found = new List<(IPAddress, int, int, int)>();

        // Weight 0 stands for very little (RFC 2782), not for nothing, and priorities are ranks.
        var ranks = services.Select(service => service.Priority).Distinct().Order().ToList();
        foreach (var service in services.Where(service => service.Target.Length > 0))
        {
            var (addresses, ttl) = await AddressesAsync(client, service.Target, stop);
            life = Math.Min(life, ttl);
            found.AddRange(addresses.Select(address => (address, (int)service.Port, ranks.IndexOf(service.Priority), Math.Max(1, (int)service.Weight))));
        }

        return (Endpoints(found), life);
    }

    private async Task<(List<IPAddress> Addresses, double Ttl)> AddressesAsync(DnsClient client, string host, CancellationToken stop)
    {
        try
        {
            var records = new List<DnsRecord>();
            foreach (var type in new[] { DnsType.A, DnsType.Aaaa })
            {
                if (_options.Records != (type == DnsType.A ? DnsRecords.Aaaa : DnsRecords.A))
                {
                    records.AddRange(await client.ResolveAsync(host, type, stop));
                }
            }

            return ([.. records.Select(record => record.Address!)], records.Count == 0 ? 0 : records.Min(record => record.Ttl));
        }
        catch (DnsException) when (_servers is null)
        {
            // The hosts file, search domains, and whatever else the system knows.
            return await SystemAsync(host, stop);
        }
    }

    private async Task<(List<IPAddress> Addresses, double Ttl)> SystemAsync(string host, CancellationToken stop)
    {
        try
        {
            var family = _options.Records switch
            {
                DnsRecords.A => AddressFamily.InterNetwork,
                DnsRecords.Aaaa => AddressFamily.InterNetworkV6,
                _ => AddressFamily.Unspecified,
            };
            return ([.. await Dns.GetHostAddressesAsync(host, family, stop)], 30);
        }
        catch (SocketException e)
        {
            throw new DnsException($"'{host}' cannot be resolved: {e.Message}");
        }
    }

    private List<DiscoveredEndpoint> Endpoints(IEnumerable<(IPAddress Address, int Port, int Priority, int Weight)> found)
    {
        var endpoints = new Dictionary<string, DiscoveredEndpoint>(StringComparer.Ordinal);
        foreach (var (address, port, priority, weight) in found)
        {
            var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            if (Forbidden(plain) is { } kind)
            {
                _metrics.Refused(_options.Host, "forbidden");
                Left(_context.Logger, _options.Host, plain, kind);
                continue;
            }

            // Twice in an answer is once; in the order of the names, so that an answer in another order is no change.
            var endPoint = new IPEndPoint(plain, port);
            endpoints.TryAdd(endPoint.ToString(), new DiscoveredEndpoint(endPoint.ToString(), endPoint) { Priority = priority, Weight = weight });
        }

        return [.. endpoints.Values.OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal)];
    }

    private ForbiddenAddresses? Forbidden(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var v4 = bytes.Length == 4;
        ForbiddenAddresses? kind =
            IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? ForbiddenAddresses.Loopback
            : address.IsIPv6LinkLocal || (v4 && bytes is [169, 254, ..]) ? ForbiddenAddresses.LinkLocal
            : (v4 && bytes is [10, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..]) || address.IsIPv6UniqueLocal ? ForbiddenAddresses.Private
            : null;
        return kind is { } found && _options.Forbid.Contains(found) ? found : null;
    }

    private static bool Same(IReadOnlyList<DiscoveredEndpoint> a, IReadOnlyList<DiscoveredEndpoint> b) =>
        a.Count == b.Count && a.Zip(b).All(pair => (pair.First.Name, pair.First.Priority, pair.First.Weight) == (pair.Second.Name, pair.Second.Priority, pair.Second.Weight));

    private static IPEndPoint Parse(string text) =>
        IPAddress.TryParse(text, out var address) ? new IPEndPoint(address, 53)
        : IPEndPoint.TryParse(text, out var endPoint) ? endPoint
        : throw new ArgumentException($"'{text}' is no address of a name server, like '10.0.0.2' or '10.0.0.2:53'");

    [LoggerMessage(1, LogLevel.Warning, "The answer for '{Host}' has no endpoint: the last one stays.")]
    private static partial void Empty(ILogger logger, string host);

    [LoggerMessage(2, LogLevel.Warning, "The answer for '{Host}' has {Address}, which is forbidden ({Kind}): it is left out.")]
    private static partial void Left(ILogger logger, string host, IPAddress address, ForbiddenAddresses kind);
}
