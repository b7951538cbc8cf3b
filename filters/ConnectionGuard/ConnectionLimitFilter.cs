using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Limits how many connections are open at a time, in all and by client.</summary>
[Component("connection_limit")]
public sealed class ConnectionLimitFilter : IConnectionFilter
{
    private readonly ConnectionLimitOptions _options;
    private readonly ConnectionTally _tally;
    private readonly Refusals _refusals;

    /// <summary>Creates one; the connections of the one before it still count.</summary>
    public ConnectionLimitFilter(ConnectionLimitOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _tally = context.Store(() => new ConnectionTally());
        _refusals = new Refusals(context, "connection_limit");
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var client = ClientKey.Of(ConnectionFacts.AddressOf(connection), _options.Ipv6Prefix);
        if (!_tally.TryEnter(client, _options.Max, _options.PerClient))
        {
            await _refusals.Refuse(connection);
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            _tally.Leave(client);
        }
    }
}
