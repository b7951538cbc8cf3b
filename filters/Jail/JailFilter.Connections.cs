using System.Globalization;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Jail;

/// <summary>The jail among a listener's filters: who is banned gets no connection, and handshakes that fail are offences.</summary>
public sealed partial class JailFilter
{
    private const string HandshakeFailed = "tls_";

    // What says nothing about the client, or that it just left.
    private static readonly string[] s_innocent = ["tls_closed", "tls_client_alert", "tls_too_many", "tls_source_failed"];

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        // Who is told apart by more than the address cannot be told before there is a request.
        if (_state.HasBans && _options.Key is null && ConnectionFacts.AddressOf(connection) is { } address
            && _state.Find(_reader.OfAddress(address), Now()) is not null && !IsNever(address))
        {
            _metrics?.CountRefused();
            if (!_options.DryRun)
            {
                ConnectionReport.End(connection, Reason);
                connection.Abort(new ConnectionAbortedException(Reason));
                return Task.CompletedTask;
            }
        }

        return next(connection);
    }

    /// <inheritdoc/>
    public void OnConnectionClosed(ConnectionContext connection, ConnectionStats stats)
    {
        if (_handshake is { } offence && _options.Key is null && stats.Reason.StartsWith(HandshakeFailed, StringComparison.Ordinal)
            && Array.IndexOf(s_innocent, stats.Reason) < 0 && ConnectionFacts.AddressOf(connection) is { } address && !IsNever(address))
        {
            WriteDown(
                SharedKey.OfAddress(_reader, address),
                offence,
                string.Create(CultureInfo.InvariantCulture, $"{_time.GetUtcNow():HH:mm:ss}Z {offence.Name}: {stats.Reason}"));
        }
    }
}
