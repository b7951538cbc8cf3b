using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>The address of an upstream, as a service of the host.</summary>
public sealed record UpstreamPort(int Number);

/// <summary>Knows one endpoint, from a service of the host.</summary>
[Component("embedded_source")]
public sealed class EmbeddedSource(UpstreamPort port) : IEndpointSource
{
    public async IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        yield return [new DiscoveredEndpoint("only", new IPEndPoint(IPAddress.Loopback, port.Number))];
        await Task.Delay(Timeout.Infinite, stop);
    }
}

/// <summary>Takes the last endpoint.</summary>
[Component("embedded_balancer")]
public sealed class EmbeddedBalancer : ILoadBalancer
{
    public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous) => new Picker(set);

    private sealed class Picker(EndpointSet set) : IEndpointPicker
    {
        public Endpoint? Pick(in PickContext context) => set.Count == 0 ? null : set[set.Count - 1];
    }
}

/// <summary>Counts connections on a counter of the host.</summary>
[Component("embedded_connection")]
public sealed class EmbeddedConnectionFilter(ConnectionCounter counter) : IConnectionFilter
{
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        counter.Add();
        return next(connection);
    }
}

/// <summary>A service of the host.</summary>
public sealed class ConnectionCounter
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Add() => Interlocked.Increment(ref _count);
}
