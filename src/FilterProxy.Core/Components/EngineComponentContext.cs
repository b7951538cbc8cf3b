using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Components;

/// <summary>What a component of a configuration being compiled is given.</summary>
internal sealed class EngineComponentContext(
    string place, ComponentDescriptor descriptor, object? previous, ComponentUses uses, StateKeeper state, ComponentEnvironment environment) : ComponentContext
{
    public override string Place => place;

    public override ILogger Logger => environment.Loggers.CreateLogger("FilterProxy." + place);

    public override TimeProvider Time => environment.Time;

    public override Meter Meter => descriptor.Home?.Meter ?? environment.Meter;

    public override object? Previous => previous;

    public override string ConfigDirectory => environment.ConfigDirectory;

    public override Slot<T> CreateSlot<T>(string name) => new(name, SlotNumbers.Of($"{place}:{name}:{typeof(T).FullName}"));

    public override T Shared<T>() => (T)(descriptor.Home is { } home
        ? home.Shared.GetOrAdd(typeof(T), static _ => new T())
        : environment.Shared.GetOrAdd((descriptor.Plugin, typeof(T)), static _ => new T()));

    public override T Store<T>(Func<T> create) => uses.Add(state, create);

    public override Cluster GetCluster(string name)
    {
        var cluster = environment.FindCluster(name) ?? throw new ComponentException($"there is no cluster '{name}'");
        uses.Add(name, cluster);
        return cluster;
    }

    public override string UseFile(string path)
    {
        var file = Path.GetFullPath(Path.Combine(environment.ConfigDirectory, path));
        uses.Add(FileStamp.Of(file));
        return file;
    }

    public override ValueTask<ConnectionContext> ConnectAsync(IPEndPoint address, CancellationToken cancel) => environment.Streams.ConnectAsync(address, cancel);

    public override ValueTask<RelayReport> RelayAsync(
        ConnectionContext downstream, ConnectionContext upstream, RelayOptions options, CancellationToken stop = default) =>
        environment.Streams.RelayAsync(downstream, upstream, options, stop);

    public override HttpClient CreateHttpClient(string clusterName)
    {
        var cluster = GetCluster(clusterName);
        return new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) => new ConnectionStream(await cluster.ConnectAsync(default, cancel)),
            UseProxy = false,
        })
        {
            BaseAddress = Uri.TryCreate($"http://{clusterName}/", UriKind.Absolute, out var named) ? named : new Uri("http://cluster/"),
        };
    }
}

/// <summary>What all components of one configuration share.</summary>
internal sealed record ComponentEnvironment(
    ILoggerFactory Loggers,
    TimeProvider Time,
    Meter Meter,
    string ConfigDirectory,
    ConcurrentDictionary<(string, Type), object> Shared,
    Func<string, Cluster?> FindCluster,
    IStreams Streams);

/// <summary>A component's complaint about its configuration: becomes an error at its place.</summary>
internal sealed class ComponentException(string message) : Exception(message);
