using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace FilterProxy.Host.Samples;

/// <summary>
/// Small stand-ins for the services of the default configuration, in this process, so that a first try needs nothing else. Each
/// answers its name, its prefix and an echo of the request.
/// </summary>
internal sealed class SampleApps : IAsyncDisposable
{
    private static readonly (string Name, string Prefix, int Port)[] Apps =
    [
        ("main", "/", 3000), ("oauth", "/oauth", 3001), ("admin", "/admin", 3002), ("kline", "/kline", 3003),
        ("flow", "/flow", 3004), ("test", "/test", 3005),
    ];

    private readonly List<WebApplication> _running = [];
    private readonly List<string> _notes = [];

    /// <summary>What the operator should know, e.g. that a port was taken.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public static async Task<SampleApps> StartAsync()
    {
        var samples = new SampleApps();
        foreach (var (name, prefix, port) in Apps)
        {
            await samples.StartAsync(name, prefix, port);
        }

        var started = samples._running.Count;
        if (started > 0)
        {
            samples._notes.Insert(0, $"{started} sample apps on 127.0.0.1:3000-3005, because the configuration says 'samples: true'.");
        }

        return samples;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _running)
        {
            await app.DisposeAsync();
        }
    }

    private async Task StartAsync(string name, string prefix, int port)
    {
        if (IsTaken(port))
        {
            _notes.Add($"Port {port} is taken: the sample app '{name}' was not started, what listens there is used instead.");
            return;
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, name, prefix));
        try
        {
            await app.StartAsync();
            _running.Add(app);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            _notes.Add($"Port {port} is taken: the sample app '{name}' was not started, what listens there is used instead.");
            await app.DisposeAsync();
        }
    }

    // Also on the other addresses of this host: a service on all of them is as good a reason to leave the port alone.
    private static bool IsTaken(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Any, port));
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task AnswerAsync(HttpContext context, string name, string prefix)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        await context.Response.WriteAsJsonAsync(new
        {
            app = name,
            prefix,
            method = context.Request.Method,
            path = context.Request.Path + context.Request.QueryString.ToString(),
            headers = context.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()),
            body,
        });
    }
}
