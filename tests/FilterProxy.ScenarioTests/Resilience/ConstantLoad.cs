using System.Collections.Concurrent;
using System.Diagnostics;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Resilience;

/// <summary>One GET of a <see cref="ConstantLoad"/>.</summary>
/// <param name="At">When it began, in stopwatch ticks.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Origin">Who answered; what went wrong when it failed.</param>
/// <param name="Failed">Whether it had no answer of 200.</param>
internal sealed record LoadedRequest(long At, TimeSpan Took, string Origin, bool Failed);

/// <summary>Clients that ask one after the other without an end, each on its connection, and remember every answer.</summary>
internal sealed class ConstantLoad : IAsyncDisposable
{
    private readonly int _port;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<LoadedRequest> _requests = new();
    private readonly Task _clients;

    public ConstantLoad(int port, int clients)
    {
        _port = port;
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => AskAsync()));
    }

    /// <summary>All requests that ended.</summary>
    public int Count => _requests.Count;

    /// <summary>Requests that began in a time.</summary>
    public List<LoadedRequest> Since(long begin) => [.. _requests.Where(request => request.At >= begin)];

    /// <summary>The part of the answers of the last while that came from each origin.</summary>
    public Dictionary<string, double> Shares(TimeSpan last)
    {
        var since = Since(Stopwatch.GetTimestamp() - (long)(last.TotalSeconds * Stopwatch.Frequency));
        return since.Where(request => !request.Failed).GroupBy(request => request.Origin).ToDictionary(group => group.Key, group => group.Count() / (double)since.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        _stop.Dispose();
    }

    private async Task AskAsync()
    {
        RawClient? client = null;
        while (!_stop.IsCancellationRequested)
        {
            var at = Stopwatch.GetTimestamp();
            try
            {
                client ??= await RawClient.ConnectAsync(_port);
                var response = await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                _requests.Enqueue(new LoadedRequest(at, Stopwatch.GetElapsedTime(at), response.Status == 200 ? response.Text : $"{response.Status} {response.Text}", response.Status != 200));
            }
            catch (Exception e)
            {
                _requests.Enqueue(new LoadedRequest(at, Stopwatch.GetElapsedTime(at), e.Message, true));
                await (client?.DisposeAsync() ?? default);
                client = null;
            }

            await Task.Delay(3);
        }

        await (client?.DisposeAsync() ?? default);
    }
}
