using System.Net;
using System.Net.Sockets;

namespace FilterProxy.ScenarioTests;

/// <summary>A listener that accepts nothing and whose queue is full: connecting to it gets no answer.</summary>
internal sealed class FullBacklog : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public FullBacklog()
    {
        var listener = New();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var connecting = Task.CompletedTask;
        while (connecting.IsCompletedSuccessfully)
        {
            connecting = New().ConnectAsync(IPAddress.Loopback, Port);
            Task.WaitAny([connecting], TimeSpan.FromMilliseconds(300));
        }

        _ = connecting.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
    }

    public int Port { get; }

    public void Dispose() => _sockets.ForEach(s => s.Dispose());

    private Socket New()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(socket);
        return socket;
    }
}
