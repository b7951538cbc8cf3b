using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.ScenarioTests.Floods;

/// <summary>
/// Clients that behave, each on a thread of its own and from its own address: they ask now and then, on a connection they keep and every fiftieth time on a
/// new one, and remember how each of it went.
/// </summary>
internal sealed class GoodClients : IDisposable
{
    private static readonly byte[] s_request = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray();
    private readonly int _port;
    private readonly List<Thread> _threads = [];
    private readonly Lock _lock = new();
    private List<double> _times = [];
    private List<string> _failures = [];
    private volatile bool _stop;

    public GoodClients(int port, int clients)
    {
        _port = port;
        for (var i = 1; i <= clients; i++)
        {
            var source = new IPAddress([127, 0, 1, (byte)i]);
            _threads.Add(new Thread(() => Run(source)) { IsBackground = true });
        }

        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Requests that were answered since the last <see cref="Take"/>.</summary>
    public int Served
    {
        get
        {
            lock (_lock)
            {
                return _times.Count;
            }
        }
    }

    /// <summary>What became of the requests that ended since the last call.</summary>
    public Experience Take()
    {
        List<double> times;
        List<string> failures;
        lock (_lock)
        {
            (times, _times) = (_times, []);
            (failures, _failures) = (_failures, []);
        }

        times.Sort();
        return new Experience(times.Count, failures, times.Count == 0 ? double.PositiveInfinity : times[(int)(times.Count * 0.99)]);
    }

    public void Dispose()
    {
        _stop = true;
        _threads.ForEach(thread => thread.Join());
    }

    private void Run(IPAddress source)
    {
        Socket? socket = null;
        var buffer = new byte[4096];
        for (var number = 1; !_stop; number++)
        {
            if (number % 50 == 0)
            {
                socket?.Dispose();
                socket = null;
            }

            var started = Stopwatch.GetTimestamp();
            string? failure = null;
            try
            {
                socket ??= Connect(source);
                Ask(socket, buffer);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                failure = e.Message;
                socket?.Dispose();
                socket = null;
            }

            lock (_lock)
            {
                if (failure is null)
                {
                    _times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                }
                else
                {
                    _failures.Add(failure);
                }
            }

            Thread.Sleep(10);
        }

        socket?.Dispose();
    }

    private Socket Connect(IPAddress source)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 };
        socket.Bind(new IPEndPoint(source, 0));
        socket.Connect(IPAddress.Loopback, _port);
        return socket;
    }

    private static void Ask(Socket socket, byte[] buffer)
    {
        socket.Send(s_request);
        var received = 0;
        do
        {
            var read = socket.Receive(buffer.AsSpan(received), SocketFlags.None);
            received += read > 0 ? read : throw new IOException("The connection was closed.");
        }
        while (!buffer.AsSpan(0, received).EndsWith(QuietUpstream.ResponseEnd));
        if (!buffer.AsSpan().StartsWith("HTTP/1.1 200 "u8))
        {
            throw new IOException(System.Text.Encoding.Latin1.GetString(buffer, 0, Math.Min(received, 40)));
        }
    }
}

/// <summary>How well-behaved clients fared.</summary>
/// <param name="Served">Requests that were answered.</param>
/// <param name="Failures">How the others went.</param>
/// <param name="P99">The 99th percentile of the answers, in milliseconds.</param>
internal sealed record Experience(int Served, IReadOnlyList<string> Failures, double P99);
