using Microsoft.Extensions.Hosting;

namespace FilterProxy.Core.Downstream;

/// <summary>A listener lives as long as the engine says. The default would take the process's signals, which are its host's.</summary>
internal sealed class ListenerLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
