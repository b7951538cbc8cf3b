using FilterProxy.Core.Downstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FilterProxy.Tests.Downstream;

public sealed class KestrelSchedulingTests
{
    [Fact]
    public async Task This_Kestrel_can_be_told_to_stay_on_the_thread()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        await using var host = builder.Build();

        Assert.True(KestrelScheduling.TryStayOnThread(host.Services.GetRequiredService<IServer>()));
    }

    [Fact]
    public void Another_server_is_left_as_it_is()
    {
        using var server = new OtherServer();

        Assert.False(KestrelScheduling.TryStayOnThread(server));
    }

    private sealed class OtherServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public object ServiceContext { get; } = new();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
