using System.Buffers;
using System.Diagnostics.Metrics;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.TlsInspector;

/// <summary>
/// Looks at the ClientHello a connection begins with and leaves what it says for the filters behind it: name, protocols, fingerprint. It
/// takes nothing: TLS is ended, or passed through, by others.
/// </summary>
[Component("tls_inspector")]
public sealed class TlsInspectorFilter : IConnectionFilter
{
    private readonly TlsInspectorOptions _options;
    private readonly ComponentContext _context;
    private readonly Counter<long> _connections;
    private readonly Occasion _complaints;

    /// <summary>Creates one.</summary>
    public TlsInspectorFilter(TlsInspectorOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_options, _context) = (options, context);
        _connections = context.Meter.CreateCounter<long>(
            "filterproxy.tls_inspector.connections", "{connection}", "Connections a tls_inspector saw, by what they began with.");
        _complaints = new Occasion(context.Time);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next) =>
        connection.Features.Get<DetectedProtocol>() is { Name: not ("tls" or "unknown") } ? next(connection) : InspectAsync(connection, next);

    private async Task InspectAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        TlsClientHello? hello = null;
        var status = ClientHelloStatus.NeedMore;
        var end = await FirstBytes.LookAsync(connection.Transport.Input, _context.Time, _options.Timeout, IsEnough);
        if (hello is not null)
        {
            connection.Features.Set(hello);
            Count("tls");
            await next(connection);
        }
        else if (status is ClientHelloStatus.NotTls or ClientHelloStatus.PlainHttp && _options.NotTls == NotTlsPolicy.Pass)
        {
            if (connection.Features.Get<DetectedProtocol>() is null)
            {
                connection.Features.Set(new DetectedProtocol("unknown"));
            }

            Count("not_tls");
            await next(connection);
        }
        else
        {
            Close(connection, status switch
            {
                ClientHelloStatus.Malformed => "tls_malformed",
                ClientHelloStatus.NotTls or ClientHelloStatus.PlainHttp => "not_tls_refused",
                _ => end == FirstBytes.End.Timeout ? "tls_timeout" : "client_closed",
            });
        }

        bool IsEnough(ReadOnlySequence<byte> received)
        {
            status = TlsClientHello.Read(received, out hello, (int)_options.MaxSize.Bytes, _options.Fingerprint);
            return status != ClientHelloStatus.NeedMore;
        }
    }

    private void Close(ConnectionContext connection, string reason)
    {
        Count(reason);
        ConnectionReport.End(connection, reason);

        // Who connects and leaves, as every port check does, is not worth a line.
        if (reason != "client_closed" && _complaints.TryTake(out var skipped))
        {
            Log.Closed(_context.Logger, connection.RemoteEndPoint?.ToString() ?? "a unix socket", reason, skipped);
        }

        connection.Abort(new ConnectionAbortedException(reason));
    }

    private void Count(string outcome) => _connections.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
