using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>
/// Relays connections to a cluster byte by byte: chosen by the name asked for in TLS, the protocol, the client's address or the port. What
/// no rule is about is closed, relayed, or left to the filters behind this one.
/// </summary>
[Component("tcp_relay")]
public sealed class TcpRelayFilter : IConnectionFilter
{
    private readonly TcpRelayOptions _options;
    private readonly ComponentContext _context;
    private readonly RelayRule[] _rules;
    private readonly RelayMetrics _metrics;
    private readonly RelayOptions _relay;
    private readonly SharedRates? _shared;
    private readonly Occasion _refusals, _blindness;
    private readonly bool _asksForTls, _asksForProtocol;

    /// <summary>Finds the clusters.</summary>
    /// <exception cref="ArgumentException">A rule cannot be understood.</exception>
    public TcpRelayFilter(TcpRelayOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _context) = (options, context);
        var last = new RelayRuleOptions { Cluster = options.Cluster, Action = options.Otherwise };
        _rules =
        [
            .. options.Rules.Append(last).Select(rule => new RelayRule(
                new ConnectionMatch(rule.Match), rule.Cluster is { } name ? context.GetCluster(name) : null, rule.Action ?? default)),
        ];
        _asksForTls = _rules.Any(rule => rule.Match.AsksForTls);
        _asksForProtocol = _rules.Any(rule => rule.Match.AsksForProtocol);
        _metrics = new RelayMetrics(context.Meter);
        _shared = options.SharedRate is { } shared ? new SharedRates(shared.Upload, shared.Download, context.Time) : null;
        (_refusals, _blindness) = (new Occasion(context.Time), new Occasion(context.Time));
        _relay = new RelayOptions
        {
            IdleTimeout = options.IdleTimeout,
            MaxDuration = options.MaxDuration,
            ConnectAttempts = options.ConnectAttempts,
            KeepAlive = options.Keepalive,
        };
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(next);
        WarnWhenBlind(connection);
        var rule = RuleOf(connection);
        if (rule.Cluster is { } cluster)
        {
            return RelayAsync(connection, cluster);
        }

        if (rule.Action == RelayFallback.Next)
        {
            return next(connection);
        }

        ConnectionReport.End(connection, "no_rule");
        connection.Abort(new ConnectionAbortedException("No rule of tcp_relay is about this connection."));
        return Task.CompletedTask;
    }

    private RelayRule RuleOf(ConnectionContext connection)
    {
        foreach (var rule in _rules)
        {
            if (rule.Match.Holds(connection))
            {
                return rule;
            }
        }

        return _rules[^1];
    }

    private async Task RelayAsync(ConnectionContext connection, Cluster cluster)
    {
        _metrics.Begin(cluster);
        var key = KeyOf(connection);
        RelayReport report;
        try
        {
            // As a task: what a connection keeps for as long as it is open is a reference, and no room for the report.
            report = await cluster.RelayAsync(connection, new PickContext(Connection: connection), OptionsOf(key)).AsTask();
        }
        catch
        {
            End(cluster, key, new RelayReport(0, 0, "failed", null, false));
            throw;
        }

        End(cluster, key, report);

        if (connection.Features.Get<ConnectionReport>() is { } told)
        {
            (told.Cluster, told.Endpoint, told.Reason) = (report.Endpoint?.Peer.Cluster ?? cluster, report.Endpoint, report.Reason);
        }

        if (!report.IsConnected)
        {
            if (_refusals.TryTake(out var skipped))
            {
                Log.NotRelayed(_context.Logger, connection.RemoteEndPoint?.ToString() ?? "a unix socket", cluster.Name, report.Reason, skipped);
            }

            connection.Abort(new ConnectionAbortedException($"No upstream took the connection: {report.Reason}."));
        }
    }

    private void End(Cluster cluster, string? key, in RelayReport report)
    {
        if (key is not null)
        {
            _shared!.Leave(key);
        }

        _metrics.End(cluster, report);
    }

    private string? KeyOf(ConnectionContext connection) => _options.SharedRate?.By switch
    {
        null => null,
        RateKey.Client => ConnectionFacts.AddressOf(connection)?.ToString() ?? "",
        RateKey.ServerName => ConnectionFacts.ServerNameOf(connection),
        _ => "",
    };

    private RelayOptions OptionsOf(string? key)
    {
        if (key is null && _options.UploadRate is null && _options.DownloadRate is null)
        {
            return _relay;
        }

        var shared = key is null ? default : _shared!.Enter(key);
        return _relay with { ToUpstream = RatesOf(_options.UploadRate, shared.Upload), ToDownstream = RatesOf(_options.DownloadRate, shared.Download) };
    }

    private ByteRate[] RatesOf(ByteSize? own, ByteRate? shared)
    {
        var rate = own is { } size ? new ByteRate(size.Bytes, _context.Time) : null;
        return (rate, shared) switch
        {
            (null, null) => [],
            (null, _) => [shared],
            (_, null) => [rate],
            _ => [rate, shared],
        };
    }

    private void WarnWhenBlind(ConnectionContext connection)
    {
        var (tls, protocol) = (_asksForTls && !ConnectionFacts.KnowsTls(connection), _asksForProtocol && connection.Features.Get<DetectedProtocol>() is null);

        // Who found that it is no TLS has looked as well.
        if (protocol && _blindness.TryTake(out var skipped))
        {
            Log.NobodyLooked(_context.Logger, "the protocol a client speaks", "protocol_sniffer", skipped);
        }
        else if (tls && connection.Features.Get<DetectedProtocol>() is null && _blindness.TryTake(out skipped))
        {
            Log.NobodyLooked(_context.Logger, "what a client says in TLS", "tls_inspector", skipped);
        }
    }
}
