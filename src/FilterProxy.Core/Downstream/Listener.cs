using System.Net;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Downstream;

/// <summary>One slim Kestrel host: it accepts, does TLS, and hands every connection to our own HTTP/1 loop.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly ListenerPlan _plan;

    private Listener(WebApplication host, ListenerPlan plan)
    {
        _host = host;
        _plan = plan;
    }

    public string Name => _plan.Name;

    /// <summary>What it is bound to: the port is the real one where 0 was asked for.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>The port it is bound to; 0 for a unix socket.</summary>
    public int Port => Addresses.Select(a => Uri.TryCreate(a, UriKind.Absolute, out var uri) ? uri.Port : 0).FirstOrDefault();

    /// <summary>Binds and starts accepting.</summary>
    /// <exception cref="IOException">The address is taken or may not be used.</exception>
    public static async Task<Listener> StartAsync(
        ListenerPlan plan, ConnectionEntry entry, ILoggerFactory loggers, bool inlineCompletions, IConnectionListenerFactory? transport = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton(transport ?? (plan.Direct
            ? new DirectTransport { Exhausted = entry.OnExhausted }
            : new PumpedTransport(loggers, inlineCompletions, plan.BufferSize) { Exhausted = entry.OnExhausted }));

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // How much of a request body waits in memory for a slow upstream, and of a response for a slow client.
            kestrel.Limits.MaxRequestBufferSize = plan.BufferSize;
            kestrel.Limits.MaxResponseBufferSize = plan.BufferSize;
            Bind(kestrel, plan.Address, options => Configure(options, plan, entry));
        });
        var host = builder.Build();
        host.Run(static context =>
        {
            context.Response.StatusCode = 505;
            return Task.CompletedTask;
        });
        await host.StartAsync();
        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        return new Listener(host, plan) { Addresses = [.. addresses?.Addresses ?? []] };
    }

    /// <summary>Stops accepting; connections go on.</summary>
    public Task StopAsync(CancellationToken cancel) => _host.StopAsync(cancel);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static void Bind(KestrelServerOptions kestrel, EndPoint address, Action<ListenOptions> configure)
    {
        switch (address)
        {
            case System.Net.Sockets.UnixDomainSocketEndPoint unix:
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

    private static void Configure(ListenOptions options, ListenerPlan plan, ConnectionEntry entry)
    {
        options.Protocols = HttpProtocols.Http1;
        options.Use(next => connection => entry.OnAcceptedAsync(connection, plan.BeforeTls, next));
        if (plan.Tls is { } tls)
        {
            options.Use(next => connection => entry.OnTlsAsync(connection, plan.HandshakeTimeout, next));
            options.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = tls.SelectAsync,
                HandshakeTimeout = plan.HandshakeTimeout,
            });
            options.Use(next => connection => ConnectionEntry.OnTlsDoneAsync(connection, plan.AfterTls, next));
        }

        options.Use(_ => connection => entry.OnHttpAsync(connection, plan.Name));
    }
}
