using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Clusters;

/// <summary>Keeps a cluster's endpoints what its source says. The last known set stays in force while the source fails.</summary>
internal sealed class EndpointWatcher(ProxyCluster cluster, IEndpointSource source, Log log, TimeProvider time, DiscoveryMetrics? metrics = null) : IStartable, IAsyncDisposable
{
    private static readonly TimeSpan FirstSetWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _applying = new();
    private Task _watching = Task.CompletedTask;

    /// <summary>Begins to watch, and gives the source a moment so that the first requests find endpoints.</summary>
    public async ValueTask StartAsync(CancellationToken stop)
    {
        _watching = WatchAsync(_stop.Token);
        try
        {
            await _first.Task.WaitAsync(FirstSetWait, time, stop);
        }
        catch (TimeoutException)
        {
            log.NoEndpointsYet(cluster.Name);
        }
    }

    /// <summary>From here on the source has no say any more, even where it does not notice at once.</summary>
    public void Stop()
    {
        lock (_applying)
        {
            _stop.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Stop();
        await _watching;
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        var pause = FirstPause;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var set in source.WatchAsync(stop).WithCancellation(stop))
                {
                    Apply(set);
                    pause = FirstPause;
                }

                // A source that ends has said its last word.
                _first.TrySetResult();
                return;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                metrics?.Refused(cluster.Name, "failed");
                log.EndpointSourceFailed(e, cluster.Name, pause);
            }

            try
            {
                await Task.Delay(pause, time, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private void Apply(IReadOnlyList<DiscoveredEndpoint> set)
    {
        var twice = set.GroupBy(endpoint => endpoint.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Skip(1).Any());
        if (twice is not null)
        {
            throw new InvalidOperationException($"The set has two endpoints called '{twice.Key}'.");
        }

        lock (_applying)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            cluster.SetEndpoints(set);
        }

        log.EndpointsChanged(cluster.Name, set.Count);
        _first.TrySetResult();
    }
}
