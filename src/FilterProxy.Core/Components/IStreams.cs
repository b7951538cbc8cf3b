using System.Net;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Components;

/// <summary>Byte streams for components that reach what is no endpoint of a cluster.</summary>
internal interface IStreams
{
    /// <inheritdoc cref="ComponentContext.ConnectAsync"/>
    ValueTask<ConnectionContext> ConnectAsync(IPEndPoint address, CancellationToken cancel);

    /// <inheritdoc cref="ComponentContext.RelayAsync"/>
    ValueTask<RelayReport> RelayAsync(ConnectionContext downstream, ConnectionContext upstream, RelayOptions options, CancellationToken stop);
}
