using System.Net;
using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.TestKit;

namespace FilterProxy.Tests.Clusters.LoadBalancing;

/// <summary>Load balancers by name, sets to build them for, and what they pick.</summary>
internal static class Balancers
{
    public static readonly string[] Names =
        ["round_robin", "weighted_round_robin", "least_requests", "power_of_two_choices", "random", "ip_hash", "consistent_hash", "maglev", "first_available", "peak_ewma"];

    [ThreadStatic]
    private static TestExchange? t_exchange;

    public static ILoadBalancer Create(string name, HashOptions? hash = null) => name switch
    {
        "round_robin" => new RoundRobin(),
        "weighted_round_robin" => new WeightedRoundRobin(),
        "least_requests" => new LeastRequests(),
        "power_of_two_choices" => new PowerOfTwoChoices(),
        "random" => new RandomChoice(),
        "ip_hash" => new IpHash(),
        "consistent_hash" => new ConsistentHash(hash ?? new HashOptions()),
        "maglev" => new Maglev(hash ?? new HashOptions()),
        "first_available" => new FirstAvailable(),
        "peak_ewma" => new PeakEwma(),
        _ => throw new ArgumentException(name),
    };

    /// <summary>Endpoints 10.0.0.0:80, 10.0.0.1:80 … with these weights.</summary>
    public static EndpointSet SetOf(params int[] weights)
    {
        var set = new TestCluster("test", [.. weights.Select((_, i) => $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}:80")]).Endpoints;
        for (var i = 0; i < weights.Length; i++)
        {
            set[i].Weight = weights[i];
        }

        return set;
    }

    public static EndpointSet SetOf(int count) => SetOf([.. Enumerable.Repeat(1, count)]);

    /// <summary>The set without one of its endpoints.</summary>
    public static EndpointSet Without(this EndpointSet set, int index) => new([.. set.Span.ToArray().Where((_, i) => i != index)]);

    /// <summary>How often each endpoint of a set is picked, with a key of its own for each pick.</summary>
    public static int[] Count(this IEndpointPicker picker, EndpointSet set, int picks)
    {
        var counts = new Dictionary<Endpoint, int>();
        for (var i = 0; i < picks; i++)
        {
            var endpoint = picker.Pick(KeyOf(i))!;
            counts[endpoint] = counts.GetValueOrDefault(endpoint) + 1;
        }

        return [.. set.Span.ToArray().Select(endpoint => counts.GetValueOrDefault(endpoint))];
    }

    /// <summary>A pick for the client 172.x.y.z and the key of a number; good until the next is asked for.</summary>
    public static PickContext KeyOf(int number)
    {
        t_exchange ??= TestExchange.Get("/");
        t_exchange.Downstream.ClientAddress = new IPAddress([172, (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
        return new PickContext(StableHash.Mix((ulong)number + 1), t_exchange);
    }
}
