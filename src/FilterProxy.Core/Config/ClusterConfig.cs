using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Config.Schema;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Config;

/// <summary>A set of interchangeable upstream endpoints. Durations: 0 or <c>off</c> is no limit.</summary>
internal sealed record ClusterConfig
{
    /// <summary>How an endpoint is chosen among those that take traffic. Default: power_of_two_choices.</summary>
    [ComponentKind(typeof(ILoadBalancer))]
    public ComponentConfig LoadBalancer { get; init; } = new() { Name = "power_of_two_choices" };

    /// <summary>
    /// Percent of a priority's endpoints that must be healthy. With fewer, and no other priority to stand in, health is not asked any more
    /// and all take traffic; 0 never does that. Default: 10.
    /// </summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public int PanicThreshold { get; init; } = 10;

    /// <summary>Prefers endpoints that are near. Default: none.</summary>
    public ZoneConfig? Zone { get; init; }

    /// <summary>Lets a request choose among groups of endpoints. Default: none.</summary>
    public SubsetConfig? Subset { get; init; }

    /// <summary>Gives endpoints that are new, or healthy again, their share little by little. Default: at once.</summary>
    public SlowStartConfig? SlowStart { get; init; }

    /// <summary>The endpoints, or where to learn them.</summary>
    public required EndpointsConfig Endpoints { get; init; }

    /// <summary>Probes endpoints and leaves out those that fail. Default: none.</summary>
    public ActiveHealthConfig? HealthCheck { get; init; }

    /// <summary>Leaves out endpoints that answer badly. Default: none.</summary>
    public OutlierDetectionConfig? OutlierDetection { get; init; }

    /// <summary>Keeps clients with the endpoint they began with. Default: none.</summary>
    public AffinityConfig? Affinity { get; init; }

    /// <summary>Which attempts are followed by another. Default: connects that failed, and idle connections that had died.</summary>
    public RetryConfig? Retry { get; init; }

    /// <summary>How much it may have at a time.</summary>
    public ClusterLimitsConfig Limits { get; init; } = new();

    /// <summary>Sends it nothing for a while when it fails. Default: none.</summary>
    public CircuitBreakerConfig? CircuitBreaker { get; init; }

    /// <summary>What requests get that it does not take: no endpoint, a limit, an open breaker. Default: 503.</summary>
    public FallbackConfig? Fallback { get; init; }

    /// <summary>How byte streams to the endpoints are opened, e.g. through a tunnel. Default: TCP or unix sockets.</summary>
    [ComponentKind(typeof(IConnector))]
    public ComponentConfig? Connector { get; init; }

    /// <summary>
    /// What is spoken to the endpoints: <c>http1</c>, <c>h2</c> (HTTP/2 over TLS), <c>h2c</c> (HTTP/2 in the clear) or <c>auto</c> (over TLS
    /// what the endpoint chooses, else HTTP/1.1). Default: http1.
    /// </summary>
    public ClusterProtocol Protocol { get; init; }

    /// <summary>How connections of HTTP/2 are kept.</summary>
    public UpstreamHttp2Config Http2 { get; init; } = new();

    /// <summary>How connections are kept.</summary>
    public PoolConfig Pool { get; init; } = new();

    /// <summary>Speaks TLS to every endpoint. Default: only to those written <c>https://</c>, with the system's trust.</summary>
    public UpstreamTlsConfig? Tls { get; init; }

    /// <summary>
    /// Begins every connection with a PROXY protocol header, <c>v1</c> or <c>v2</c>, that tells the client's address; it stands before TLS.
    /// Connections then serve one client alone. Default: none.
    /// </summary>
    public ProxyProtocolVersion? ProxyProtocol { get; init; }

    /// <summary>The Host endpoints get: <c>pass</c> (the client's) or a host name. Default: pass.</summary>
    public string Host { get; init; } = "pass";

    /// <summary>Duration of connecting, name resolution and TLS included; over it another endpoint is tried, else 504. Default: 5s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Duration of one attempt, from connecting to the response head. Over it the attempt has failed: another may follow where a
    /// filter asks for it, else 504. Default: off.
    /// </summary>
    public TimeSpan PerTryTimeout { get; init; }

    /// <summary>Duration from the request sent to the response head; over it 504. Default: 60s.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Duration between two reads of a response body; over it the response is cut. Default: 60s.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Duration between two successful writes to an endpoint that does not read; over it 504. Default: 60s.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Duration after which host names are resolved again; off resolves once. Default: 30s.</summary>
    public TimeSpan DnsRefresh { get; init; } = TimeSpan.FromSeconds(30);
}
