using System.Runtime.CompilerServices;
using FilterProxy.Core.Components;
using FilterProxy.Core.Config.Addresses;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;
using FilterProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Config.Discovery;

/// <summary>Endpoints from a file that another program writes. While it is missing or wrong the last good list stays.</summary>
[Component("file")]
internal sealed partial class FileEndpoints(FileEndpointOptions options, ComponentContext context) : IEndpointSource
{
    private readonly DiscoveryMetrics _metrics = new(context.Meter);
    private readonly string _path = Path.GetFullPath(Path.Combine(context.ConfigDirectory, options.Path));

    public async IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        FileStamp? last = null;
        var hasSet = false;
        while (true)
        {
            // Looked at, not subscribed to: that sees files that are replaced, and network file systems alike.
            var stamp = FileStamp.Of(_path);
            if (stamp != last)
            {
                last = stamp;
                if (Read() is { } endpoints)
                {
                    if (endpoints.Count > 0 || options.AllowEmpty || !hasSet)
                    {
                        hasSet = true;
                        yield return endpoints;
                    }
                    else
                    {
                        _metrics.Refused(_path, "empty");
                        Empty(context.Logger, _path);
                    }
                }
                else if (!hasSet)
                {
                    // Starting waits for the first set.
                    yield return [];
                }
            }

            await Task.Delay(options.Interval, context.Time, stop);
        }
    }

    /// <summary>The endpoints; null, after saying what is wrong, when the file has none to tell.</summary>
    private List<DiscoveredEndpoint>? Read()
    {
        var errors = new ConfigErrors();
        try
        {
            var text = File.ReadAllText(_path);
            var node = YamlTreeReader.Read(text, _path, static _ => null, errors);
            if (node is not null && new ConfigBinder(errors).Bind(node, typeof(IReadOnlyList<EndpointConfig>), "", out _) is IReadOnlyList<EndpointConfig> list && errors.IsEmpty)
            {
                return Compile(list, errors);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(default, e.Message);
        }

        return Refuse(errors);
    }

    private List<DiscoveredEndpoint>? Refuse(ConfigErrors errors)
    {
        _metrics.Refused(_path, "wrong");
        Wrong(context.Logger, _path, errors.ToString());
        return null;
    }

    private List<DiscoveredEndpoint>? Compile(IReadOnlyList<EndpointConfig> list, ConfigErrors errors)
    {
        var endpoints = new List<DiscoveredEndpoint>();
        foreach (var written in list)
        {
            if (!EndpointAddress.TryParse(written.Address, out var address, out var error))
            {
                errors.Add(default, error);
            }
            else if (endpoints.TrueForAll(endpoint => endpoint.Name != address.Name))
            {
                endpoints.Add(new DiscoveredEndpoint(address.Name, address.EndPoint) { Weight = written.Weight, Priority = written.Priority, Labels = written.Labels });
            }
        }

        if (errors.IsEmpty)
        {
            return endpoints;
        }

        return Refuse(errors);
    }

    [LoggerMessage(1, LogLevel.Warning, "The list of endpoints in {File} is empty: the last one stays.")]
    private static partial void Empty(ILogger logger, string file);

    [LoggerMessage(2, LogLevel.Error, "The list of endpoints in {File} is wrong, the last one stays:\n{Errors}")]
    private static partial void Wrong(ILogger logger, string file, string errors);
}
