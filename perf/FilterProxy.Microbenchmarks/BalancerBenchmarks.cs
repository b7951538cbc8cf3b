using System.Net;
using BenchmarkDotNet.Attributes;
using FilterProxy.Core.Clusters.Eligibility;
using FilterProxy.Core.Clusters.LoadBalancing;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Microbenchmarks;

/// <summary>A pick, and what a change of the endpoints costs. Nothing may allocate while picking; 10,000 endpoints must cost what 10 do, but for least_requests.</summary>
[MemoryDiagnoser]
public class BalancerBenchmarks
{
    private EndpointSet _set = EndpointSet.Empty;
    private EligibleSet _eligible = EligibleSet.Empty;
    private ILoadBalancer _balancer = new RoundRobin();
    private readonly DefaultConnectionContext _client = new() { RemoteEndPoint = new IPEndPoint(new IPAddress([192, 0, 2, 1]), 4000) };
    private ulong _key;

    [Params(10, 10_000)]
    public int Endpoints { get; set; }

    [Params("round_robin", "weighted_round_robin", "least_requests", "power_of_two_choices", "random", "ip_hash", "consistent_hash", "maglev", "first_available", "peak_ewma")]
    public string Balancer { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _balancer = Balancer switch
        {
            "round_robin" => new RoundRobin(),
            "weighted_round_robin" => new WeightedRoundRobin(),
            "least_requests" => new LeastRequests(),
            "power_of_two_choices" => new PowerOfTwoChoices(),
            "random" => new RandomChoice(),
            "ip_hash" => new IpHash(),
            "consistent_hash" => new ConsistentHash(new HashOptions()),
            "maglev" => new Maglev(new HashOptions()),
            "first_available" => new FirstAvailable(),
            _ => new PeakEwma(),
        };
        var cluster = new NoCluster();
        _set = new EndpointSet([.. Enumerable.Range(0, Endpoints).Select(i =>
            new Endpoint(cluster, new DiscoveredEndpoint($"10.0.{i >> 8}.{i & 255}:80", new IPEndPoint(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), 80)) { Weight = 1 + (i % 3) }))]);
        Build();
    }

    [Benchmark]
    public Endpoint? Pick() => _eligible.Pick(new PickContext(Key: ++_key, Connection: _client));

    [Benchmark]
    public void Build() => _eligible = new EligibilityBuilder(EligibilityRules.Default, _balancer).Build(_set, EligibleSet.Empty, 0);

    private sealed class NoCluster() : Cluster("benchmark")
    {
        public override EndpointSet Endpoints => EndpointSet.Empty;

        public override UpstreamPeer? Pick(in PickContext context) => null;

        public override ValueTask<ConnectionContext> ConnectAsync(PickContext context, CancellationToken cancel) => throw new NotSupportedException();

        public override Task RelayAsync(ConnectionContext downstream, PickContext context, CancellationToken stop) => throw new NotSupportedException();
    }
}
