using System.Collections.Concurrent;
using System.Diagnostics;

namespace FilterProxy.ScenarioTests;

/// <summary>A well-behaved client on a thread of its own that asks every other millisecond and keeps how long each answer took.</summary>
internal sealed class LatencyProbe : IDisposable
{
    private readonly QuietClient _client;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<double> _times = new();
    private volatile bool _stop;
    private volatile Exception? _failure;

    public LatencyProbe(int port)
    {
        _client = new QuietClient(port, "GET /probe HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        _client.Run(200);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The 99th percentile of the answers since the last call, in milliseconds, and how many there were.</summary>
    public (double P99, int Count) Take()
    {
        if (_failure is { } failure)
        {
            throw new InvalidOperationException("The probe got no answer.", failure);
        }

        var times = new List<double>();
        while (_times.TryDequeue(out var time))
        {
            times.Add(time);
        }

        times.Sort();
        return times.Count == 0 ? (double.PositiveInfinity, 0) : (times[(int)(times.Count * 0.99)], times.Count);
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _client.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_stop)
            {
                var started = Stopwatch.GetTimestamp();
                _client.Run(1);
                _times.Enqueue(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                Thread.Sleep(2);
            }
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            _failure = e;
        }
    }
}
