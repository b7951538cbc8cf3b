using FilterProxy.Hosting;
using FilterProxy.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>A generic host in this process with a proxy in it.</summary>
internal sealed class EmbeddedProxy : IAsyncDisposable
{
    private readonly IHost _host;

    private EmbeddedProxy(IHost host, HostLog log) => (_host, Log) = (host, log);

    public HostLog Log { get; }

    public FilterProxyServer Server => _host.Services.GetRequiredService<FilterProxyServer>();

    /// <summary>The port of its listener <c>web</c>.</summary>
    public int Port => new Uri(Server.Addresses["web"][0]).Port;

    public static async Task<EmbeddedProxy> StartAsync(Action<HostApplicationBuilder> configure)
    {
        var log = new HostLog();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton<ILoggerFactory>(log);
        configure(builder);
        var host = builder.Build();
        try
        {
            await host.StartAsync();
            return new EmbeddedProxy(host, log);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Port);

    public Task StopAsync(CancellationToken cancel = default) => _host.StopAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
