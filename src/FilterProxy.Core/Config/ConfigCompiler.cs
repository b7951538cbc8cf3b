using System.Net;
using System.Text;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Addresses;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Upstream;

namespace FilterProxy.Core.Config;

/// <summary>
/// Makes a snapshot of a configuration. Nothing is started and nothing outside is touched, so validating is compiling; all
/// errors come at once.
/// </summary>
internal sealed class ConfigCompiler
{
    private readonly ProxyConfig _config;
    private readonly ConfigErrors _errors;
    private readonly ComponentRegistry _registry;
    private readonly ProxyServices _services;
    private readonly ComponentFactory _factory;
    private readonly ComponentEnvironment _environment;
    private readonly CompiledConfig? _previous;
    private readonly IReadOnlyCollection<Plugin> _plugins;
    private readonly Dictionary<string, ProxyCluster> _clusters = [];
    private readonly Dictionary<string, CompiledCluster> _compiledClusters = [];

    private ConfigCompiler(
        ProxyConfig config, CompiledConfig? previous, ComponentRegistry registry, ComponentEnvironment environment, ProxyServices services, ConfigErrors errors)
    {
        _registry = registry;
        _plugins = [.. registry.All.Select(c => c.Home).OfType<Plugin>().Distinct()];
        _config = config;
        _previous = previous;
        _errors = errors;
        _services = services;
        _environment = environment with { FindCluster = name => _clusters.GetValueOrDefault(name) };
        _factory = new ComponentFactory(registry, _environment, previous?.Components ?? [], services.Filters, errors);
    }

    /// <summary>Compiles, or returns null with the reasons in <paramref name="errors"/>.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="previous">The one in force, whose unchanged parts are kept; null for none.</param>
    /// <param name="registry">The components there are.</param>
    /// <param name="environment">What components are given.</param>
    /// <param name="services">The engine's own.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static CompiledConfig? Compile(
        ProxyConfig config, CompiledConfig? previous, ComponentRegistry registry, ComponentEnvironment environment, ProxyServices services, ConfigErrors errors)
    {
        var compiler = new ConfigCompiler(config, previous, registry, environment, services, errors);
        var compiled = compiler.Run((previous?.Snapshot.Version ?? 0) + 1);
        if (errors.IsEmpty)
        {
            return compiled;
        }

        foreach (var component in compiler._factory.Created.Concat(compiler._factory.CreatedStates).OfType<IDisposable>())
        {
            component.Dispose();
        }

        return null;
    }

    private CompiledConfig Run(long version)
    {
        foreach (var (name, cluster) in _config.Clusters)
        {
            var compiled = CompileCluster(name, cluster);
            _compiledClusters[name] = compiled;
            _clusters[name] = compiled.Cluster;
        }

        var defaults = _config.Http.RouteFilters.Where(c => !c.Off).ToDictionary(c => c, c => CompileFilter("http.route_filters", c));
        var global = CompileFilters("http.filters", _config.Http.Filters);
        var rules = new List<RouteRule<Route>>();
        foreach (var route in _config.Routes)
        {
            var own = new List<FilterEntry>();
            foreach (var component in ComponentChain.Refine(_config.Http.RouteFilters, route.Filters))
            {
                // What a route does not change is the default's very instance: one counter, one file, one state.
                if ((defaults.TryGetValue(component, out var shared) ? shared : CompileFilter($"routes.{route.Name}.filters", component)) is { } entry)
                {
                    own.Add(entry);
                }
            }

            rules.Add(RouteCompiler.Compile(route, new FilterChain(own), new FilterChain([.. global, .. own]), _clusters));
        }

        var plans = _config.Listeners.Select(l => CompileListener(l.Key, l.Value)).ToList();
        var datagrams = _config.UdpListeners.Select(l => CompileDatagrams(l.Key, l.Value)).OfType<DatagramPlan>().ToList();
        var snapshot = new ProxySnapshot
        {
            Version = version,
            Global = new FilterChain(global),
            Fallback = new FilterChain([.. global, .. defaults.Values.OfType<FilterEntry>()]),
            Routes = RouteTable<Route>.Build(rules),
            Clusters = _clusters,
            Listeners = _config.Listeners.ToDictionary(l => l.Key, l => CompileRules(l.Key, l.Value)),
            Paths = new PathRules(
                Enum.Parse<PathPolicy>(_config.Http.Path.Normalization.ToString()),
                _config.Http.Path.MergeSlashes,
                Enum.Parse<EncodedSlashPolicy>(_config.Http.Path.EncodedSlashes.ToString())),
            AllowConnect = _config.Http.AllowConnect,
            Tracing = TelemetryCompiler.Tracing(_config.Telemetry.Tracing),
            Debug = TelemetryCompiler.Debug(_config.Telemetry.Debug),
            ServerHeader = Encoding.Latin1.GetBytes(_config.Http.ServerHeader ?? ""),
            Reasons = new ReasonFields(Encoding.Latin1.GetBytes(_config.Http.ReasonHeader ?? "")),
        };
        return new CompiledConfig(_config)
        {
            Snapshot = snapshot,
            Listeners = plans,
            Datagrams = datagrams,
            Components = _factory.Instances,
            Created = _factory.Created,
            CreatedStates = _factory.CreatedStates,
            Clusters = _compiledClusters,
            Plugins = _plugins,
        };
    }

    private List<FilterEntry> CompileFilters(string place, IReadOnlyList<ComponentConfig> filters) =>
        [.. filters.Where(c => !c.Off).Select(c => CompileFilter(place, c)).OfType<FilterEntry>()];

    private FilterEntry? CompileFilter(string place, ComponentConfig config)
    {
        var rules = FilterRulesConfig.Take(ref config, _registry, _errors);
        return _factory.Create(typeof(IHttpFilter), "filter", place, config, out var descriptor, rules?.Store) is IHttpFilter filter
            ? new FilterEntry(filter, config.Key, descriptor!.Blocking, rules is { Guards: true } ? Guard(filter, config.Key, rules) : null)
            : null;
    }

    private GuardedFilter Guard(IHttpFilter filter, string name, FilterRulesConfig rules) =>
        new(filter, name, rules.OnError == FilterErrorAction.Skip, rules.TimeBudget, _services);

    private CompiledCluster CompileCluster(string name, ClusterConfig config)
    {
        var place = $"clusters.{name}";
        var balancer = _factory.Create(typeof(ILoadBalancer), "load balancer", place, config.LoadBalancer, out _) as ILoadBalancer;
        var source = config.Endpoints.Source is { } written
            ? _factory.Create(typeof(IEndpointSource), "endpoint source", place, written, out _) as IEndpointSource
            : null;
        var connector = config.Connector is { } named
            ? _factory.Create(typeof(IConnector), "connector", place, named, out _) as IConnector
            : null;
        if (connector is IHttpConnector { TakesRequests: false } && config.Protocol != ClusterProtocol.Http1)
        {
            _errors.Add(
                _config.Places.Locate(config, nameof(config.Protocol)),
                "the cluster's connector carries requests as HTTP/1.1 the way it is set up",
                "leave protocol out, or set the connector up for HTTP/2");
        }

        var check = config.HealthCheck is { } probed
            ? _factory.Create(typeof(IHealthCheck), "health check", place, probed.Check, out _) as IHealthCheck
            : null;
        var addresses = config.Endpoints.Static.Select(e => (Config: e, Address: Parse(e))).ToList();
        var tls = config.Tls is not null || addresses.Any(a => a.Address.Tls == true);
        var tlsCompiler = new UpstreamTlsCompiler(_environment.ConfigDirectory, _config.Places, _errors);
        var tlsFiles = tlsCompiler.FilesOf(config.Tls);
        var endpoints = addresses.Select(a => new DiscoveredEndpoint(a.Address.Name, a.Address.EndPoint)
        {
            Weight = a.Config.Weight,
            Priority = a.Config.Priority,
            Labels = a.Config.Labels,
        }).ToList();
        var twin = _previous?.Clusters.GetValueOrDefault(name);
        var former = twin?.Cluster;
        if (twin?.IsSame(config, balancer, connector, tlsFiles, tls) != true || !ReferenceEquals(twin.HealthCheck, check))
        {
            twin = null;
        }

        var cluster = twin?.Cluster ?? ClusterCompiler.Compile(name, config, balancer, connector, tls ? tlsCompiler.Compile(config.Tls) : null, check, _services);
        if (twin is null)
        {
            if (former is not null)
            {
                cluster.Inherit(former);
            }

            cluster.SetEndpoints(endpoints);
        }

        return new CompiledCluster(cluster, config, balancer, connector, tlsFiles, tls)
        {
            HealthCheck = check,
            Endpoints = source is null ? endpoints : null,
            Source = source,
            Watcher = source is null ? null
                : twin is { Watcher: { } watcher } && ReferenceEquals(twin.Source, source) ? watcher
                : new EndpointWatcher(cluster, source, _services.Log, _services.Time, _services.Discovery),
        };
    }

    private DatagramPlan? CompileDatagrams(string name, UdpListenerConfig config) =>
        _factory.Create(typeof(IDatagramService), "datagram service", $"udp_listeners.{name}", config.Service, out _) is IDatagramService service
        && ListenAddress.TryParse(config.Address, out var address, out _) && address is IPEndPoint ip
            ? new DatagramPlan(name, ip, service)
            : null;

    private ListenerPlan CompileListener(string name, ListenerConfig config)
    {
        var limits = config.Limits ?? _config.Http.Limits;
        var http2 = config.Http2 ?? _config.Http.Http2;
        var streams = StreamLimitsCompiler.Compile(limits, http2);
        return new ListenerCompiler(_factory, _config.Places, _services, _errors).Compile(name, config) with
        {
            // Less would not hold a head.
            BufferSize = Math.Max(16 * 1024, Bytes(limits.ConnectionBuffer)),
            Streams = config.Source is null ? streams : streams.ForSource(hasWindow: http2.StreamWindow.Bytes > 0),
        };
    }

    private ListenerRules CompileRules(string name, ListenerConfig config)
    {
        var limits = config.Limits ?? _config.Http.Limits;
        var forwarding = config.Forwarding ?? _config.Http.Forwarding;
        var rules = new ListenerRules
        {
            Name = name,
            RequestHead = new HeadLimits(
                Bytes(limits.RequestLine),
                Bytes(limits.RequestHead),
                limits.HeaderCount,
                Math.Min(Bytes(limits.HeaderSize), ushort.MaxValue),
                Enum.Parse<UnderscorePolicy>(_config.Http.Underscores.ToString())),
            ResponseHead = new HeadLimits(
                Bytes(limits.ResponseHead), Bytes(limits.ResponseHead), 1000, Math.Min(Bytes(limits.ResponseHead), ushort.MaxValue), UnderscorePolicy.Allow),
            MaxRequestBody = limits.RequestBody?.Bytes ?? long.MaxValue,
            HeaderTimeout = Milliseconds(limits.HeaderTimeout),
            IdleTimeout = Milliseconds(limits.IdleTimeout),
            BodyTimeout = Milliseconds(limits.BodyTimeout),
            WriteTimeout = Milliseconds(limits.WriteTimeout),
            UpgradeIdleTimeout = Milliseconds(limits.UpgradeIdleTimeout),
            UpgradeDuration = Milliseconds(limits.UpgradeDuration),
            ConnectionDuration = Milliseconds(limits.ConnectionDuration),
            RequestBodyRate = limits.RequestBodyRate?.Bytes ?? 0,
            ResponseBodyRate = limits.ResponseBodyRate?.Bytes ?? 0,
            RateGrace = Milliseconds(limits.RateGrace),
            MaxConnections = limits.Connections,
            MaxConnectionsInAll = limits.ConnectionsInAll,
            MaxConnectionsPerClient = limits.ConnectionsPerClient,
            MaxRequestsPerConnection = limits.RequestsPerConnection,
            Forwarding = new ForwardingRules(
                [.. forwarding.TrustedProxies],
                forwarding.XForwarded,
                forwarding.Forwarded,
                Encoding.Latin1.GetBytes(forwarding.Via ?? ""),
                forwarding.RequestId)
            {
                ClientCert = Enum.Parse<ClientCertPolicy>(forwarding.ClientCertificate.ToString()),
                ClientCertDetails = forwarding.ClientCertificateDetails.Aggregate(
                    ClientCertParts.None, (parts, detail) => parts | Enum.Parse<ClientCertParts>(detail.ToString())),
            },
        };
        return config.Source is null ? rules : rules.ForSource();
    }

    private static EndpointAddress Parse(EndpointConfig config) =>
        EndpointAddress.TryParse(config.Address, out var address, out var error) ? address : throw new InvalidOperationException(error);

    private static int Bytes(ByteSize size) => (int)Math.Min(size.Bytes, int.MaxValue);

    private static long Milliseconds(TimeSpan time) => time > TimeSpan.Zero ? Math.Max(1, (long)time.TotalMilliseconds) : 0;
}
