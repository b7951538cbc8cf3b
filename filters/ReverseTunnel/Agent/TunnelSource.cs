using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>
/// The agent's side of reverse tunnels: a listener's connections that are dialled. Keeps so many to each endpoint of the server's cluster, and dials again
/// as soon as one is gone.
/// </summary>
[Component("reverse_tunnel")]
public sealed class TunnelSource : IConnectionSource, IAdminView
{
    // How soon a change of the server's endpoints, and of the health of services, is seen.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);
    private readonly TunnelSourceOptions _options;
    private readonly ComponentContext _context;
    private readonly TunnelAddress _address;
    private readonly Cluster _server;
    private readonly AgentServices _services;
    private readonly IReadOnlyList<OfferedService> _offered;
    private readonly HandshakeClient _handshake;
    private readonly AgentSessions _sessions;
    private AgentRun _run;

    /// <summary>Finds the clusters.</summary>
    /// <exception cref="ArgumentException">The address is none.</exception>
    public TunnelSource(TunnelSourceOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _context) = (options, context);
        _address = TunnelAddress.TryParse(options.Address, out var address, out var problem) ? address : throw new ArgumentException(problem);
        _server = context.GetCluster(_address.Server);
        _services = new AgentServices(options, _address.Identity, context);
        _offered = [.. options.Services.Select(service => new OfferedService(service.Service, (service.HealthCluster ?? service.Cluster) is { } name ? context.GetCluster(name) : null))];
        _handshake = new HandshakeClient(options.Handshake, context.ConfigDirectory, context.Time);
        _sessions = context.Store(() => new AgentSessions());
        _run = new AgentRun(_services, _offered, context);
    }

    internal TunnelSourceOptions Options => _options;

    internal ComponentContext Context => _context;

    internal TunnelAddress Address => _address;

    internal Cluster Server => _server;

    internal AgentRun Run => _run;

    internal HandshakeClient Handshake => _handshake;

    /// <inheritdoc/>
    public bool CanTakeOver(IConnectionSource before) => before is TunnelSource other && ReferenceEquals(other._server, _server)
        && other._services.Capabilities == _services.Capabilities && _options.IsTheSameButForServices(other._options);

    /// <inheritdoc/>
    public void TakeOver(IConnectionSource before)
    {
        _run = ((TunnelSource)before)._run;
        _run.Use(_services, _offered);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ConnectionContext> AcceptAsync([EnumeratorCancellation] CancellationToken stop)
    {
        var ready = Channel.CreateUnbounded<ConnectionContext>();
        var dialling = DialAsync(ready.Writer, stop);
        await foreach (var connection in ready.Reader.ReadAllAsync(CancellationToken.None))
        {
            yield return connection;
        }

        await dialling;
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("agent", _address.Identity.ToString());
        writer.WriteStartArray("servers");
        foreach (var (endpoint, link) in _run.Links.OrderBy(pair => pair.Key.Name, StringComparer.Ordinal))
        {
            link.WriteView(writer, endpoint.Name);
        }

        writer.WriteEndArray();
        _run.Services.Secrets.WriteView(writer);
        writer.WriteEndObject();
    }

    /// <summary>The session an agent of this listener had with a server before a reload; null for none.</summary>
    internal string? SessionWith(Endpoint server) => _sessions.Find(_address.Identity, server.Name);

    internal void Keep(Endpoint server, string session) => _sessions.Keep(_address.Identity, server.Name, session);

    /// <summary>Has a link to each endpoint there is, until the listener stops.</summary>
    private async Task DialAsync(ChannelWriter<ConnectionContext> ready, CancellationToken stop)
    {
        var (run, links) = (_run, _run.Links);
        while (!stop.IsCancellationRequested)
        {
            run.Look();
            var endpoints = _server.Endpoints.Span.ToArray();
            foreach (var endpoint in endpoints)
            {
                links.GetOrAdd(endpoint, static (e, source) => new ServerLink(source.Self, e, source.Ready, source.Stop), (Self: this, Ready: ready, Stop: stop));
            }

            foreach (var (endpoint, link) in links)
            {
                if (!endpoints.Contains(endpoint) && links.TryRemove(endpoint, out _))
                {
                    await link.EndAsync(leave: true);
                }
            }

            await Task.Delay(LookAgain, _context.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        foreach (var (endpoint, link) in links)
        {
            links.TryRemove(endpoint, out _);
            await link.EndAsync(leave: false);
        }

        ready.Complete();
    }
}
