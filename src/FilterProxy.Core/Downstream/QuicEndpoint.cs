using System.Collections.Concurrent;
using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// A listener's second door: HTTP/3 by Kestrel's engine, over QUIC on the UDP port of the same number, with the listener's certificates.
/// Clients learn of it by Alt-Svc (RFC 7838) in responses of the other protocols.
/// </summary>
internal sealed class QuicEndpoint(ConnectionEntry entry, SnapshotStore snapshots, ProxyServices services)
{
    private readonly ConcurrentDictionary<string, KestrelConnection> _connections = new();

    /// <summary>Why a listener that is to speak HTTP/3 cannot; null when it can.</summary>
    /// <param name="plan">The listener.</param>
    /// <param name="isSupported">Whether the platform has QUIC.</param>
    public static string? Missing(ListenerPlan plan, bool isSupported) =>
        !isSupported ? "the platform has no QUIC (libmsquic is not installed)"
        : plan.Tls is null ? "it has no tls, without which there is no QUIC"
        : plan.HasFilters ? "it has connection filters, which QUIC would pass by"
        : !plan.Tls.Rules.Versions.HasFlag(SslProtocols.Tls13) ? "QUIC needs TLS 1.3"
        : plan.Address is not IPEndPoint { Port: > 0 } ? "it needs an IP address and a port that is known beforehand"
        : null;

    /// <summary>What tells clients of it.</summary>
    public static byte[] AltSvc(ListenerPlan plan) => Encoding.ASCII.GetBytes($"h3=\":{((IPEndPoint)plan.Address).Port}\"; ma=86400");

    /// <summary>The platform has QUIC, or not.</summary>
    public static bool IsSupported => QuicListener.IsSupported;

    /// <summary>Adds the transport.</summary>
    public static void Use(IWebHostBuilder host) => host.UseKestrelHttpsConfiguration().UseQuic();

    /// <summary>Adds the endpoint.</summary>
    public void Listen(KestrelServerOptions kestrel) => kestrel.Listen(entry.Plan.Address, options =>
    {
        options.Protocols = HttpProtocols.Http3;
        options.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = entry.Plan.HandshakeTimeout > TimeSpan.Zero ? entry.Plan.HandshakeTimeout : Timeout.InfiniteTimeSpan,
            OnConnection = SelectAsync,
        });
        ((IMultiplexedConnectionBuilder)options).Use(engine => connection => RunAsync(new QuicConnection(connection), _ => engine(connection)));
    });

    /// <summary>The connection a request came on: Kestrel gives streams of QUIC none of their connection's features but its identifier.</summary>
    public KestrelConnection ConnectionOf(IFeatureCollection request) =>
        _connections[request.GetRequiredFeature<IHttpConnectionFeature>().ConnectionId];

    private async ValueTask<SslServerAuthenticationOptions> SelectAsync(TlsHandshakeCallbackContext context)
    {
        var plan = entry.Plan;
        var selection = await plan.Tls!.SelectAsync(new TlsClientHello(context.ClientHelloInfo.ServerName, []), context.CancellationToken);
        if (selection.Options is not { } options)
        {
            services.Tls.Failed(plan.Name, selection.Refusal);
            throw new AuthenticationException(TlsMetrics.NameOf(selection.Refusal));
        }

        services.Tls.Succeeded(plan.Name, SslProtocols.Tls13);
        options.ApplicationProtocols = [SslApplicationProtocol.Http3];
        options.EnabledSslProtocols = SslProtocols.Tls13;
        return options;
    }

    private Task RunAsync(QuicConnection connection, ConnectionDelegate engine) => entry.OnAcceptedAsync(connection, async accepted =>
    {
        var kestrel = new KestrelConnection(accepted, entry, snapshots, services);
        _connections[accepted.ConnectionId] = kestrel;
        try
        {
            await kestrel.RunAsync(engine);
        }
        finally
        {
            _connections.TryRemove(accepted.ConnectionId, out _);
        }
    });
}
