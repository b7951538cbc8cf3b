using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Downstream;

/// <summary>A listener lives as long as the engine says. The default would take the process's signals, which are its host's.</summary>
internal sealed class ListenerLifetime : IHostLifetime
{
    /// <summary>Makes the server of one listener: with this life and the engine's log, and nothing else that web applications have.</summary>
    public static WebApplicationBuilder CreateBuilder(ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, ListenerLifetime>();
        builder.WebHost.UseKestrelCore();
        return builder;
    }

    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
