using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace PacedClient;

/// <summary>
/// An open loop: requests become due at the times of a random schedule (Poisson arrivals, fixed seed), are sent on the connection
/// that was free longest, or as soon as one is, and latency counts from when they were due. A slow reply therefore delays no
/// request on paper: nothing is omitted.
/// </summary>
internal sealed unsafe class Pacer : IDisposable
{
    private const long Second = 1_000_000_000;
    private const long WarmUp = Second / 2;
    private const long Patience = 5 * Second;

    private readonly Connection[] _connections;
    private readonly Queue<Connection> _free;
    private readonly Queue<long> _due = new(1 << 20);
    private readonly byte[] _request;
    private readonly Histogram _latency = new();
    private readonly Histogram _lateness = new();
    private readonly Random _random = new(20240229);
    private readonly double _gap;
    private readonly long _length;
    private readonly int _epoll = Native.EpollCreate(0);
    private long _bytes;
    private long _sent;
    private long _unsuccessful;
    private long _broken;
    private int _open;

    public Pacer(string address, int port, string path, int connections, double rate, double seconds)
    {
        _request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {address}:{port}\r\n\r\n");
        _gap = Second / rate;
        _length = (long)(seconds * Second);
        _connections = new Connection[connections];
        _free = new(connections);
        _open = connections;
        var happening = stackalloc byte[Native.EventSize];
        for (var i = 0; i < connections; i++)
        {
            _connections[i] = new Connection(address, port);
            _free.Enqueue(_connections[i]);
            *(uint*)happening = Native.ReadyToRead;
            *(long*)(happening + Native.EventDataOffset) = i;
            _ = Native.EpollControl(_epoll, Native.Add, _connections[i].File, happening);
        }

        // The kernel may wake a sleeper 50 us late otherwise.
        _ = Native.ProcessControl(Native.TimerSlack, 1, 0, 0, 0);
    }

    public void Run()
    {
        var begin = Now();
        var (counted, end) = (begin + WarmUp, begin + WarmUp + _length);
        var next = begin + Gap();
        var now = begin;
        while (_open > 0 && now < end + Patience && (next < end || _due.Count > 0 || _free.Count < _open))
        {
            for (; next <= now && next < end; next += Gap())
            {
                if (_due.Count == 0 && _free.Count > 0)
                {
                    Record(_lateness, next, now, counted);
                }

                _due.Enqueue(next);
                Send();
            }

            Receive(next < end ? next - now : Second / 100, counted);
            now = Now();
        }
    }

    /// <summary>What was measured, as one line of JSON. What was due and not answered in time is an error.</summary>
    public string Report()
    {
        var unanswered = _due.Count + (_open - _free.Count);
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {"requests":{{_latency.Count}},"sent":{{_sent}},"duration_us":{{_length / 1000}},"bytes":{{_bytes}},"errors":{"status":{{_unsuccessful}},"connection":{{_broken}},"timeout":{{unanswered}}},"latency_us":{{Quantiles(_latency)}},"late_us":{{Quantiles(_lateness)}}}
            """);
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    private static string Quantiles(Histogram h) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"p50":{{h.Quantile(0.5) / 1e3}},"p99":{{h.Quantile(0.99) / 1e3}},"p99.9":{{h.Quantile(0.999) / 1e3}},"max":{{h.Max / 1e3}}}""");

    private static long Now() => (long)(Stopwatch.GetTimestamp() * ((double)Second / Stopwatch.Frequency));

    private static void Record(Histogram histogram, long due, long now, long counted)
    {
        if (due >= counted)
        {
            histogram.Record(now - due);
        }
    }

    private long Gap() => (long)(-Math.Log(1 - _random.NextDouble()) * _gap);

    private void Send()
    {
        while (_due.Count > 0 && _free.TryDequeue(out var connection))
        {
            connection.Due = _due.Dequeue();
            _sent++;
            if (!connection.Send(_request))
            {
                _broken++;
                _open--;
            }
        }
    }

    private void Receive(long wait, long counted)
    {
        var events = stackalloc byte[64 * 16];
        var timeout = stackalloc long[] { Math.Max(0, wait) / Second, Math.Max(0, wait) % Second };
        var ready = Native.EpollWait(_epoll, events, 64, timeout, 0);
        for (var i = 0; i < ready; i++)
        {
            var connection = _connections[*(long*)(events + i * Native.EventSize + Native.EventDataOffset)];
            var length = connection.Receive(out var success);
            if (length == 0)
            {
                continue;
            }

            if (length < 0)
            {
                // Closed by the proxy: it is out, and what it owed is an error.
                _broken++;
                _open--;
                connection.Dispose();
                continue;
            }

            Record(_latency, connection.Due, Now(), counted);
            _bytes += connection.Due >= counted ? length : 0;
            _unsuccessful += success ? 0 : 1;
            _free.Enqueue(connection);
            Send();
        }
    }
}
