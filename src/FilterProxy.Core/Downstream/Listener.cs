using System.Net;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Downstream;

/// <summary>One slim Kestrel host: it accepts, and hands every connection to the listener's entry.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication _host;

    private Listener(WebApplication host, ConnectionEntry entry)
    {
        _host = host;
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
        ConnectionEntry entry, ILoggerFactory loggers, bool inlineCompletions, IConnectionListenerFactory? transport = null)
    {
        var plan = entry.Plan;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, ListenerLifetime>();
        builder.WebHost.UseKestrelCore();
        var connections = new ConnectionMaker(loggers, inlineCompletions);
        builder.Services.AddSingleton(transport ?? new SocketTransport(
            socket => connections.Make(socket, entry.Plan.Direct, entry.Plan.BufferSize), entry.OnExhausted));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Bind(kestrel, plan.Address, options => Configure(options, entry));
        });
        var host = builder.Build();
        host.Run(static context =>
        {
            context.Response.StatusCode = 505;
            return Task.CompletedTask;
        });
        try
        {
            await host.StartAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();

        // Kestrel does not know which of them do TLS.
        var scheme = plan.Tls is null ? "http" : "https";
        return new Listener(host, entry) { Addresses = [.. (addresses?.Addresses ?? []).Select(a => scheme + a[a.IndexOf(':', StringComparison.Ordinal)..])] };
    }

    /// <summary>Stops accepting, and completes when its connections have ended; cancelling cuts them.</summary>
    public Task StopAsync(CancellationToken cancel)
    {
        Entry.BeginDrain();
        return _host.StopAsync(cancel);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static void Bind(KestrelServerOptions kestrel, EndPoint address, Action<ListenOptions> configure)
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

    private static void Configure(ListenOptions options, ConnectionEntry entry)
    {
        options.Protocols = HttpProtocols.Http1;
        options.Use(_ => entry.OnAcceptedAsync);
    }
}
