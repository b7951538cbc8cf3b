using System.Diagnostics.Metrics;
using System.Globalization;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Identity;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Tells and counts what becomes of handshakes. Refusals a few a second: what everybody on the net can make happen must not fill a disk.</summary>
internal sealed partial class HandshakeLog(ComponentContext context)
{
    private const int PerSecond = 20;

    private readonly ILogger _logger = context.Logger;
    private readonly TimeProvider _time = context.Time;
    private readonly Lock _lock = new();
    private readonly Counter<long> _handshakes = context.Meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.handshakes", "{handshake}", "Handshakes of agents, by what became of them: admitted, or the code of the refusal.");

    private long _second;
    private int _written;
    private long _silent;

    public void Admitted(TunnelAdmission admission, ConnectionContext connection)
    {
        Count("admitted");
        var hello = admission.Hello;
        Opened(_logger, hello.Identity, ClientOf(connection), Names.Of(hello.Kind), admission.Welcome.SessionId, admission.Proof.Name, hello.Visit?.ToString() ?? Names.Of(hello.Capabilities));
    }

    public void Refused(HandshakeRefusal refusal, HandshakeHead? head, ConnectionContext connection)
    {
        Count(refusal.Code);
        long silent;
        lock (_lock)
        {
            var second = _time.GetTimestamp() / _time.TimestampFrequency;
            (_written, _second) = (second == _second ? _written + 1 : 1, second);
            if (_written > PerSecond)
            {
                _silent++;
                return;
            }

            (silent, _silent) = (_silent, 0);
        }

        var more = silent == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {silent} more before were not logged.");
        Denied(_logger, IdentityOf(head), ClientOf(connection), refusal.Status, refusal.Code, refusal.Detail, more);
    }

    public void Revoked(TunnelAdmission admission, string reason) => Ended(_logger, admission.Hello.Identity, Names.Of(admission.Hello.Kind), admission.Welcome.SessionId, reason);

    // As it was sent, right or wrong.
    private static string IdentityOf(HandshakeHead? head)
    {
        if (head is null)
        {
            return "-";
        }

        var parts = new[] { Fields.Node, Fields.Cluster, Fields.Tenant }.Select(name => TunnelIdentity.Show(head.Values(name).FirstOrDefault()));
        return string.Join(':', parts);
    }

    private static string ClientOf(ConnectionContext connection) => connection.RemoteEndPoint?.ToString() ?? "a unix socket";

    private void Count(string outcome) => _handshakes.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    [LoggerMessage(1, LogLevel.Information, "Agent {Identity} has opened a {Kind} connection from {Client}: session {Session}, proved by {Proof}, may carry {Capabilities}.")]
    private static partial void Opened(ILogger logger, TunnelIdentity identity, string client, string kind, string session, string proof, string capabilities);

    [LoggerMessage(2, LogLevel.Warning, "Agent {Identity} at {Client} is refused with {Status} {Code}: {Detail}.{Silent}")]
    private static partial void Denied(ILogger logger, string identity, string client, int status, string code, string detail, string silent);

    [LoggerMessage(3, LogLevel.Warning, "Agent {Identity} loses its {Kind} connection of session {Session}: {Reason}.")]
    private static partial void Ended(ILogger logger, TunnelIdentity identity, string kind, string session, string reason);
}
