using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FilterProxy.Tests.Clusters;

public sealed record ScriptedSourceOptions
{
    public required string Channel { get; init; }
}

/// <summary>An endpoint source that yields what a test writes to a channel; an empty name makes it throw.</summary>
[Component("scripted_source")]
public sealed class ScriptedSource(ScriptedSourceOptions options) : IEndpointSource
{
    private static readonly ConcurrentDictionary<string, Channel<DiscoveredEndpoint[]>> Channels = new();

    public static Channel<DiscoveredEndpoint[]> ChannelOf(string name) =>
        Channels.GetOrAdd(name, static _ => Channel.CreateUnbounded<DiscoveredEndpoint[]>());

    public async IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var set in ChannelOf(options.Channel).Reader.ReadAllAsync(stop))
        {
            yield return set.Any(e => e.Name.Length == 0) ? throw new IOException("The registry is away.") : set;
        }
    }
}
