using System.Net;
using System.Text;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// One slim Kestrel server: it accepts, and hands every connection to the listener's entry, which may hand it on to the server's own
/// HTTP/2 engine.
/// </summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly IServer _server;
    private readonly KestrelServerLimits _limits;

    private Listener(WebApplication host, IServer server, KestrelServerLimits limits, ConnectionEntry entry)
    {
        _host = host;
        _server = server;
        _limits = limits;
        Entry = entry;
    }

    /// <summary>Where its connections come in.</summary>
    public ConnectionEntry Entry { get; }

    public string Name => Entry.Plan.Name;

    /// <summary>What it is bound to: the port is the real one where 0 was asked for.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>The port it is bound to; 0 for a unix socket.</summary>
    public int Port => Addresses.Select(a => Uri.TryCreate(a, UriKind.Absolute, out var uri) ? uri.Port : 0).FirstOrDefault();

    /// <summary>Binds and starts accepting.</summary>
    /// <exception cref="IOException">The address is taken or may not be used.</exception>
    public static async Task<Listener> StartAsync(
        ConnectionEntry entry, QuicEndpoint quic, ILoggerFactory loggers, bool inlineCompletions, IConnectionListenerFactory? transport = null)
    {
        var plan = entry.Plan;
        var speaksHttp3 = plan.WantsHttp3 && QuicEndpoint.Missing(plan, QuicEndpoint.IsSupported) is null;
        var builder = ListenerLifetime.CreateBuilder(loggers);
        if (speaksHttp3)
        {
            QuicEndpoint.Use(builder.WebHost);
        }

        var connections = new ConnectionMaker(loggers, inlineCompletions);
        builder.Services.AddSingleton(
            plan.Source is { } source ? new SourceTransport(source, inlineCompletions)
            : transport ?? new SocketTransport(socket => connections.Make(socket, entry.Plan.Direct, entry.Plan.BufferSize), entry.OnExhausted));
        var host = builder.Build();
        var kestrel = host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value;
        Configure(kestrel, entry);
        entry.Memory = host.Services.GetService<IMemoryPoolFactory<byte>>()?.Create(new MemoryPoolOptions());
        if (speaksHttp3)
        {
            quic.Listen(kestrel);
            entry.AltSvc = QuicEndpoint.AltSvc(plan);
        }

        var server = host.Services.GetRequiredService<IServer>();
        try
        {
            await server.StartAsync(new KestrelApplication(quic), CancellationToken.None);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        var addresses = server.Features.Get<IServerAddressesFeature>();

        // Kestrel does not know which of them do TLS, or no HTTP at all.
        var scheme = plan.SpeaksNothing ? "tcp" : plan.Tls is null ? "http" : "https";
        return new Listener(host, server, kestrel.Limits, entry)
        {
            Addresses = plan.Source is not null ? [plan.Address.ToString()!] : [.. (addresses?.Addresses ?? []).Distinct().Select(a => scheme + a[a.IndexOf(':', StringComparison.Ordinal)..])],
        };
    }

    /// <summary>What connections accepted from now on pass through, and are kept to.</summary>
    public void SetPlan(ListenerPlan plan)
    {
        plan.Streams.ApplyTo(_limits);
        Entry.Plan = plan;
    }

    /// <summary>Stops accepting, and completes when its connections have ended; cancelling cuts them.</summary>
    public Task StopAsync(CancellationToken cancel)
    {
        Entry.BeginDrain();
        return _server.StopAsync(cancel);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>Has a server listen on an address, in the place of a dead process whose socket file is still there.</summary>
    internal static void Bind(KestrelServerOptions kestrel, EndPoint address, Action<ListenOptions> configure)
    {
        switch (address)
        {
            case System.Net.Sockets.UnixDomainSocketEndPoint unix:
                UnixSocketFile.RemoveStale(unix);
                kestrel.ListenUnixSocket(unix.ToString()!, configure);
                break;
            case DnsEndPoint { Host: "localhost" } local:
                kestrel.ListenLocalhost(local.Port, configure);
                break;
            default:
                kestrel.Listen(address, configure);
                break;
        }
    }

    private static void Configure(KestrelServerOptions kestrel, ConnectionEntry entry)
    {
        kestrel.AddServerHeader = false;

        // One character is one byte, whatever a client or an upstream means by it.
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

        // What ended TLS before us may leave https in :scheme; forwarding rules decide whom to believe about that.
        kestrel.AllowAlternateSchemes = true;
        entry.Plan.Streams.ApplyTo(kestrel.Limits);
        Bind(kestrel, entry.Plan.Address, options => Configure(options, entry));
    }

    private static void Configure(ListenOptions options, ConnectionEntry entry)
    {
        // HTTP/1 never reaches Kestrel's engine; with both, it would take cleartext for HTTP/1 without looking.
        options.Protocols = HttpProtocols.Http2;
        options.Use(engine =>
        {
            entry.Engine = engine;
            return entry.OnAcceptedAsync;
        });
    }
}
