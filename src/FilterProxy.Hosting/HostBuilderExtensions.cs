using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Hosting;

/// <summary>Adds a proxy to a host: it starts and stops with the host, and logs where the host logs.</summary>
public static class HostBuilderExtensions
{
    /// <summary>Adds the proxy, or returns the one that was added before.</summary>
    public static FilterProxyBuilder AddFilterProxy(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Services.AddFilterProxy();
    }

    /// <summary>Adds the proxy, or returns the one that was added before. The host's services must include logging.</summary>
    public static FilterProxyBuilder AddFilterProxy(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.FirstOrDefault(service => service.ServiceType == typeof(FilterProxyBuilder))?.ImplementationInstance is FilterProxyBuilder added)
        {
            return added;
        }

        var builder = new FilterProxyBuilder(services);
        services.AddSingleton(builder);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new FilterProxyServer(
            builder,
            provider,
            provider.GetRequiredService<IHostEnvironment>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService(provider => provider.GetRequiredService<FilterProxyServer>());
        return builder;
    }
}
