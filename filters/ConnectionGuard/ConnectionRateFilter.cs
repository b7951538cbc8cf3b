using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Limits how fast clients open connections.</summary>
[Component("connection_rate")]
public sealed class ConnectionRateFilter : IConnectionFilter
{
    private readonly ConnectionRateOptions _options;
    private readonly RateTable _table;
    private readonly Refusals _refusals;
    private readonly double _interval;
    private readonly int _burst;

    /// <summary>Creates one; what clients opened under the one before it still counts.</summary>
    public ConnectionRateFilter(ConnectionRateOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _table = context.Store(() => new RateTable(context.Time));
        _refusals = new Refusals(context, "connection_rate");
        _interval = options.Per.TotalSeconds / options.Rate;
        _burst = options.Burst > 0 ? options.Burst : options.Rate;
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var client = _options.By == RateScope.All ? ClientKey.None : ClientKey.Of(ConnectionFacts.AddressOf(connection), _options.Ipv6Prefix);
        return _table.TryTake(client, _interval, _burst, _options.MaxClients) ? next(connection) : _refusals.Refuse(connection);
    }
}
