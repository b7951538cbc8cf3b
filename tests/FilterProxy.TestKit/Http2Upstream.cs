using System.Collections.Concurrent;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FilterProxy.TestKit;

/// <summary>An origin that speaks HTTP/2, by Kestrel: in the clear, or over TLS with a certificate.</summary>
public sealed class Http2Upstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, bool> _connections;

    private Http2Upstream(WebApplication app, ConcurrentDictionary<string, bool> connections)
    {
        _app = app;
        _connections = connections;
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    /// <summary>The port of 127.0.0.1 it listens on.</summary>
    public int Port { get; }

    /// <summary>How many connections it has been asked on.</summary>
    public int Connections => _connections.Count;

    /// <summary>Starts one.</summary>
    /// <param name="handler">Answers requests.</param>
    /// <param name="certificate">For TLS; null for clear text.</param>
    /// <param name="protocols">What it speaks.</param>
    /// <param name="https">More about TLS.</param>
    /// <param name="limits">Of HTTP/2.</param>
    public static async Task<Http2Upstream> StartAsync(
        RequestDelegate handler,
        TestCertificate? certificate = null,
        HttpProtocols protocols = HttpProtocols.Http2,
        Action<HttpsConnectionAdapterOptions>? https = null,
        Action<Http2Limits>? limits = null)
    {
        var connections = new ConcurrentDictionary<string, bool>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
            limits?.Invoke(kestrel.Limits.Http2);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocols;
                if (certificate is not null)
                {
                    listen.UseHttps(options =>
                    {
                        // By a selector: with a fixed one Kestrel does not say which name the client asked for.
                        var served = X509Certificate2.CreateFromPemFile(certificate.CertPath, certificate.KeyPath);
                        options.ServerCertificateSelector = (_, _) => served;
                        options.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                        https?.Invoke(options);
                    });
                }
            });
        });
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(context =>
        {
            connections.TryAdd(context.Connection.Id, true);
            return handler(context);
        });
        await app.StartAsync();
        return new Http2Upstream(app, connections);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
