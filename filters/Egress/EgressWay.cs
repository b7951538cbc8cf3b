using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Egress;

/// <summary>The way out: checks a destination, connects to it, relays.</summary>
internal sealed class EgressWay
{
    private readonly EgressOptions _options;
    private readonly ComponentContext _context;
    private readonly EgressPolicy _policy;
    private readonly Occasion _complaints;
    private readonly RelayOptions _relay;
    private readonly Counter<long> _connections;
    private readonly string _name;

    public EgressWay(string name, EgressOptions options, ComponentContext context)
    {
        (_name, _options, _context) = (name, options, context);
        _policy = new EgressPolicy(options);
        _complaints = new Occasion(context.Time);
        _relay = new RelayOptions { IdleTimeout = options.IdleTimeout, MaxDuration = options.MaxDuration };
        _connections = context.Meter.CreateCounter<long>(
            "filterproxy.egress.connections", "{connection}", "Connections of http_connect and socks5, by filter and what became of them.");
    }

    /// <summary>Opens a connection, or says why there is none.</summary>
    public async ValueTask<(ConnectionContext? Connection, EgressError Error)> OpenAsync(ConnectionContext client, Destination destination)
    {
        if (client.Features.Get<ConnectionReport>() is { } report)
        {
            report.Destination = destination.ToString();
        }

        if (!_policy.MayAsk(destination))
        {
            return (null, EgressError.Denied);
        }

        var error = EgressError.NoSuchHost;
        try
        {
            using var time = new CancellationTokenSource(_options.ConnectTimeout, _context.Time);
            var addresses = destination.Address is { } one ? [one] : await Dns.GetHostAddressesAsync(destination.Host, time.Token);
            foreach (var address in addresses)
            {
                if (!_policy.MayReach(destination, address))
                {
                    error = error == EgressError.NoSuchHost ? EgressError.Denied : error;
                    continue;
                }

                (var connection, error) = await OpenAsync(new IPEndPoint(address, destination.Port));
                if (connection is not null)
                {
                    return (connection, EgressError.None);
                }
            }
        }
        catch (SocketException)
        {
            return (null, EgressError.NoSuchHost);
        }
        catch (OperationCanceledException)
        {
            return (null, EgressError.Timeout);
        }

        return (null, error);
    }

    /// <summary>Relays until both have ended.</summary>
    public async Task RelayAsync(ConnectionContext client, ConnectionContext upstream)
    {
        var report = await _context.RelayAsync(client, upstream, _relay);
        Count(report.Reason);
        ConnectionReport.End(client, report.Reason);
    }

    /// <summary>Notes why a client did not get anywhere.</summary>
    public void GiveUp(ConnectionContext client, string reason, Destination? destination = null)
    {
        Count(reason);
        ConnectionReport.End(client, reason);
        if (reason != "client_closed" && _complaints.TryTake(out var skipped))
        {
            Log.Refused(_context.Logger, _name, client.RemoteEndPoint?.ToString() ?? "a unix socket", destination?.ToString() ?? "-", reason, skipped);
        }
    }

    /// <summary>The reason code of an error.</summary>
    public static string ReasonOf(EgressError error) => error switch
    {
        EgressError.Denied => "egress_denied",
        EgressError.NoSuchHost => "name_not_resolved",
        EgressError.Refused => "connection_refused",
        EgressError.Unreachable => "unreachable",
        EgressError.NoFreePort => "no_free_port",
        EgressError.TooManyOpenFiles => "too_many_open_files",
        _ => "connect_timeout",
    };

    private async ValueTask<(ConnectionContext? Connection, EgressError Error)> OpenAsync(IPEndPoint address)
    {
        using var time = new CancellationTokenSource(_options.ConnectTimeout, _context.Time);
        try
        {
            return (await _context.ConnectAsync(address, time.Token), EgressError.None);
        }
        catch (UpstreamException e)
        {
            return (null, e.Error.Detail switch
            {
                "connection_refused" => EgressError.Refused,
                "connect_timeout" => EgressError.Timeout,
                "no_free_port" => EgressError.NoFreePort,
                "too_many_open_files" => EgressError.TooManyOpenFiles,
                _ => EgressError.Unreachable,
            });
        }
        catch (OperationCanceledException)
        {
            return (null, EgressError.Timeout);
        }
    }

    private void Count(string outcome) => _connections.Add(
        1, new KeyValuePair<string, object?>("filter", _name), new KeyValuePair<string, object?>("outcome", outcome));
}
