using FilterProxy.Filters.Networks;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.IpAccess;

/// <summary>
/// Lets requests pass or refuses them by the address of their client, as far as trusted proxies have told it. Among a listener's filters it
/// does so with connections, by the address they come from.
/// </summary>
[Component("ip_access")]
public sealed class IpAccessFilter : IRequestFilter, IConnectionFilter
{
    private static readonly byte[] Body = "Forbidden (ip_denied)\n"u8.ToArray();

    private readonly AddressTable<bool> _table;
    private readonly bool _otherwise;
    private readonly int _status;

    /// <summary>Reads the lists.</summary>
    /// <exception cref="ArgumentException">A line of a file is no network.</exception>
    public IpAccessFilter(IpAccessOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _status = options.Status;
        _otherwise = options.Allow.Count == 0 && options.AllowFiles.Count == 0;
        // Of equal networks the last holds: the denying one.
        _table = AddressTable<bool>.Create(
            [
                .. options.Allow.Concat(options.AllowFiles.SelectMany(file => NetworkFile.Read(context.UseFile(file)))).Select(network => (network, true)),
                .. options.Deny.Concat(options.DenyFiles.SelectMany(file => NetworkFile.Read(context.UseFile(file)))).Select(network => (network, false)),
            ],
            _otherwise);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (ConnectionFacts.AddressOf(connection) is { } address ? _table.Of(address) : _otherwise)
        {
            return next(connection);
        }

        ConnectionReport.End(connection, "ip_denied");
        connection.Abort(new ConnectionAbortedException("The client's address is denied."));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        // A client of a unix socket has no address: it is in no network.
        if (exchange.Downstream.ClientAddress is { } address ? _table.Of(address) : _otherwise)
        {
            return new(FilterStatus.Continue);
        }

        exchange.Reply(_status, "ip_denied", Body, "text/plain; charset=utf-8");
        return new(FilterStatus.Stop);
    }
}
