using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Addresses;
using FilterProxy.Core.Downstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Host.Admin;

/// <summary>
/// The listener of the admin API: a small web server of its own. It shares no socket, no filter and no limit with the traffic, and
/// goes on until the last of it has ended.
/// </summary>
internal sealed class AdminListener : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly WebApplication _app;

    private AdminListener(WebApplication app) => _app = app;

    /// <summary>What it is bound to, with the real port where 0 was asked for.</summary>
    public string Address { get; private init; } = "";

    /// <summary>Binds and starts to answer.</summary>
    /// <exception cref="EngineException">The address is taken or may not be used.</exception>
    public static async Task<AdminListener> StartAsync(AdminConfig config, ProxyControl control, ILoggerFactory loggers)
    {
        if (!ListenAddress.TryParse(config.Address, out var endPoint, out var error))
        {
            throw new ArgumentException(error, nameof(config));
        }

        var builder = ListenerLifetime.CreateBuilder(loggers);
        builder.Services.AddRoutingCore();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, endPoint));
        var app = builder.Build();
        try
        {
            var guard = new AdminGuard(control, new AdminAudit(loggers));
            app.Use(next => context => guard.InvokeAsync(context, next));
            app.UseRouting();
            AdminEndpoints.Map(app, control, new AdminAudit(loggers));
            await app.StartAsync();
            if (endPoint is UnixDomainSocketEndPoint socket && !OperatingSystem.IsWindows())
            {
                // As closed as a loopback port cannot be: only this user may connect.
                File.SetUnixFileMode(socket.ToString()!, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
        catch (Exception e)
        {
            await app.DisposeAsync();
            if (StartErrors.IsExpected(e))
            {
                throw new EngineException($"The admin listener cannot use {config.Address}: {e.Message}", e);
            }

            throw;
        }

        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new AdminListener(app) { Address = addresses.First() };
    }

    public async ValueTask DisposeAsync()
    {
        // Who follows would wait for ever.
        using var cut = new CancellationTokenSource(Patience);
        await _app.StopAsync(cut.Token);
        await _app.DisposeAsync();
    }

    private static void Configure(KestrelServerOptions kestrel, EndPoint address)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 64;
        kestrel.Limits.MaxRequestBodySize = 64 * 1024;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 50;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        Listener.Bind(kestrel, address, options => options.Protocols = HttpProtocols.Http1);
    }
}
