using System.Net;
using System.Net.Sockets;

namespace FilterProxy;

/// <summary>One address of a cluster. Lives as long as its cluster keeps it: counters and health survive a reload.</summary>
public sealed class Endpoint
{
    private static readonly Lock HealthLock = new();
    private int _inFlight;
    private byte[]? _authority;
    private volatile bool _isHealthy = true;
    private bool _foundHealthy = true;

    internal Endpoint(Cluster cluster, DiscoveredEndpoint source)
    {
        Name = source.Name;
        Address = source.Address;
        Weight = source.Weight;
        Priority = source.Priority;
        Labels = source.Labels;
        Peer = new UpstreamPeer(cluster, this);
    }

    /// <summary>How it is called in configuration, logs and metrics, e.g. <c>10.0.0.5:3002</c>.</summary>
    public string Name { get; }

    /// <summary>Where it is: an <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/> or a unix socket.</summary>
    public EndPoint Address { get; }

    /// <summary>Share of the traffic relative to its siblings; 0 takes none.</summary>
    public int Weight { get; internal set; }

    /// <summary>0 is used first; higher numbers only when lower ones are down.</summary>
    public int Priority { get; internal set; }

    /// <summary>Free facts about it, e.g. <c>zone</c>.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set; }

    /// <summary>Whether health checks and outlier detection let it take traffic, or an operator who says so.</summary>
    public bool IsHealthy
    {
        get => _isHealthy;
        internal set
        {
            lock (HealthLock)
            {
                _foundHealthy = value;
                _isHealthy = HealthOverride ?? value;
            }
        }
    }

    /// <summary>Exchanges and relays on it now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The peer that stands for it with the cluster's own settings.</summary>
    public UpstreamPeer Peer { get; internal set; }

    /// <summary>Tells passive health how an attempt ended.</summary>
    public void Observe(in Outcome outcome) => Observer?.Invoke(this, outcome);

    // What it is called in a Host field; empty for a unix socket, which has no such name.
    internal byte[] AuthorityBytes => _authority ??= Address is UnixDomainSocketEndPoint ? [] : System.Text.Encoding.ASCII.GetBytes(Name);

    // Its address as logs show it; made by the first that asks.
    internal byte[]? AddressBytes { get; set; }

    // What an operator said, which goes before what was found; null for nothing.
    internal bool? HealthOverride
    {
        get;
        set
        {
            lock (HealthLock)
            {
                field = value;
                _isHealthy = value ?? _foundHealthy;
            }
        }
    }

    // What an operator said, too: new clients go elsewhere, or everybody does.
    internal bool IsDraining { get; set; }

    internal bool IsInMaintenance { get; set; }

    // What the engine counts about it.
    internal object? Metrics { get; set; }

    internal Action<Endpoint, Outcome>? Observer { get; set; }

    // What the engine keeps about it besides: health, latency, limits.
    internal object? State { get; set; }

    internal void Begin() => Interlocked.Increment(ref _inFlight);

    internal bool TryBegin(int max)
    {
        while (true)
        {
            var now = InFlight;
            if (now >= max)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _inFlight, now + 1, now) == now)
            {
                return true;
            }
        }
    }

    internal void End() => Interlocked.Decrement(ref _inFlight);
}

/// <summary>How an attempt ended, for passive health.</summary>
/// <param name="StatusCode">The response's status; 0 when none came.</param>
/// <param name="Error">The failure, if it failed.</param>
/// <param name="Latency">From sending the request to the response head.</param>
public readonly record struct Outcome(int StatusCode, ProxyErrorKind Error, TimeSpan Latency);
