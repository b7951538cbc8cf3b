using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Egress;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Punch;
using FilterProxy.Filters.ReverseTunnel.Services;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>Options of <see cref="TunnelSource"/>.</summary>
public sealed record TunnelSourceOptions : IValidatableObject
{
    /// <summary>
    /// Who the agent is, whom it dials and how many connections it keeps: `rc://node:cluster:tenant@server:count`. The server is a cluster of this
    /// configuration; each of its endpoints is dialled, and its `tls` holds.
    /// </summary>
    [Required(ErrorMessage = "address is missing")]
    public string Address { get; init; } = "";

    /// <summary>How it asks for tunnels, and its credential.</summary>
    public AgentHandshakeOptions Handshake { get; init; } = new();

    /// <summary>Free facts about it, which become labels of its endpoint at the server.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Services that byte streams may go to: their names, and the clusters of this configuration they are.</summary>
    public IReadOnlyDictionary<string, string> Tcp { get; init; } = new Dictionary<string, string>();

    /// <summary>Services that the server makes reachable under host names or at ports, as its rules allow.</summary>
    public IReadOnlyList<TunnelServiceOptions> Services { get; init; } = [];

    /// <summary>
    /// The most connections to each endpoint of the server: above the count of `address` they are there for busy times alone. 0 for as many as that.
    /// </summary>
    [Range(0, 1000, ErrorMessage = "must be between 0 and 1000")]
    public int MaxConnections { get; init; }

    /// <summary>Streams under way on every connection at which one more is dialled, as far as `max_connections` allows.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int StreamsPerConnection { get; init; } = 100;

    /// <summary>How long a connection above the count may carry nothing; over it is ended.</summary>
    public TimeSpan ConnectionIdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How old a connection becomes, less up to a tenth: then another is dialled, and the old one ends with its last stream; `off` for no limit.
    /// </summary>
    public TimeSpan ConnectionLifetime { get; init; }

    /// <summary>
    /// Connections to each server that are kept idle for byte streams, each of which has one to itself then, and for requests where the server sends them over
    /// such; another takes its place at once. 0 for none: all goes as HTTP/2 streams.
    /// </summary>
    [Range(0, 1000, ErrorMessage = "must be between 0 and 1000")]
    public int WorkConnections { get; init; }

    /// <summary>Which endpoints of those clusters byte streams and datagrams may be sent to; for requests see the filter `tunnel_egress`.</summary>
    public TunnelEgressOptions Egress { get; init; } = new();

    /// <summary>How ways past the server are looked for, for services of type `xtcp`.</summary>
    public DirectOptions Direct { get; init; } = new();

    /// <summary>How long a byte stream may carry nothing; `off` for no limit.</summary>
    public TimeSpan TcpIdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long it may take to connect to a server.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait before a server is dialled again that could not be reached, or has closed a tunnel.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait before a server is asked again that has refused.</summary>
    public TimeSpan MaxRefusedBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether there may be more connections than the count of the address.</summary>
    internal bool IsElastic => MaxConnections > 0;

    // Whether tunnels that were made with the others can go on.
    internal bool IsTheSameButForServices(TunnelSourceOptions other) =>
        this with { Labels = other.Labels, Tcp = other.Tcp, Services = other.Services, Egress = other.Egress, Direct = other.Direct, TcpIdleTimeout = other.TcpIdleTimeout } == other
        && Labels.Count == other.Labels.Count && !Labels.Except(other.Labels).Any();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TunnelAddress.TryParse(Address, out var address, out var problem))
        {
            yield return new(problem, [nameof(Address)]);
        }
        else if (MaxConnections > 0 && MaxConnections < address.Count)
        {
            yield return new($"must be 0, or at least the {address.Count} of the address", [nameof(MaxConnections)]);
        }

        if (ConnectionLifetime != TimeSpan.Zero && (ConnectionLifetime < TimeSpan.FromMilliseconds(100) || ConnectionLifetime > TimeSpan.FromDays(30)))
        {
            yield return new("must be between 100ms and 30d, or off", [nameof(ConnectionLifetime)]);
        }

        foreach (var name in Tcp.Keys.Where(name => !TunnelIdentity.IsPart(name)))
        {
            yield return new($"'{name}' is not letters, digits, '-', '.', '_' and '~'", [nameof(Tcp)]);
        }

        foreach (var twice in Services.Select(service => service.Name).Concat(Tcp.Keys).GroupBy(name => name).Where(group => group.Count() > 1))
        {
            yield return new($"the service '{twice.Key}' is there twice", [nameof(Services)]);
        }

        foreach (var (name, time) in new[] { (nameof(ConnectTimeout), ConnectTimeout), (nameof(ConnectionIdleTimeout), ConnectionIdleTimeout), (nameof(MaxBackoff), MaxBackoff), (nameof(MaxRefusedBackoff), MaxRefusedBackoff) })
        {
            if (time < TimeSpan.FromMilliseconds(10) || time > TimeSpan.FromHours(1))
            {
                yield return new("must be between 10ms and 1h", [name]);
            }
        }

        if (TcpIdleTimeout < TimeSpan.Zero || TcpIdleTimeout > TimeSpan.FromDays(365))
        {
            yield return new("must be at most 365d, or off", [nameof(TcpIdleTimeout)]);
        }
    }
}
