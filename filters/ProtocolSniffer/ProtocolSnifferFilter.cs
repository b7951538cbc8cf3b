using System.Diagnostics.Metrics;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ProtocolSniffer;

/// <summary>
/// Finds out by its first bytes what a client speaks, so that several protocols can share a port; the filters behind it choose by that, and
/// get the same bytes.
/// </summary>
[Component("protocol_sniffer")]
public sealed class ProtocolSnifferFilter : IConnectionFilter
{
    private static readonly DetectedProtocol[] Found =
        [new("unknown"), new("http1"), new("h2c"), new("tls"), new("ssh")];

    private readonly ProtocolSnifferOptions _options;
    private readonly TimeProvider _time;
    private readonly Counter<long> _connections;

    /// <summary>Creates one.</summary>
    public ProtocolSnifferFilter(ProtocolSnifferOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_options, _time) = (options, context.Time);
        _connections = context.Meter.CreateCounter<long>(
            "filterproxy.protocol_sniffer.connections", "{connection}", "Connections a protocol_sniffer saw, by what they speak.");
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        SniffedProtocol? found = null;
        var end = await FirstBytes.LookAsync(
            connection.Transport.Input, _time, _options.Timeout, received => (found = Beginnings.Of(received)) is not null);
        if (end == FirstBytes.End.Closed)
        {
            Count("closed");
            ConnectionReport.End(connection, "client_closed");
            return;
        }

        var protocol = Found[(int)(found ?? _options.Default)];
        Count(protocol.Name);
        connection.Features.Set(protocol);
        await next(connection);
    }

    private void Count(string protocol) => _connections.Add(1, new KeyValuePair<string, object?>("protocol", protocol));
}
