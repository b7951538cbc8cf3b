using System.Net.Sockets;
using System.Text;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A service manager's side of sd_notify: a unix datagram socket and what arrives there.</summary>
internal sealed class NotifyReceiver : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly string _address;

    /// <param name="folder">Where the socket is; null for a name in the abstract namespace.</param>
    public NotifyReceiver(string? folder)
    {
        _address = folder is null ? $"@filterproxy-test-{Guid.NewGuid():N}" : Path.Combine(folder, "notify");
        _socket.Bind(new UnixDomainSocketEndPoint(folder is null ? '\0' + _address[1..] : _address));
    }

    /// <summary>What a manager sets for the service.</summary>
    public Dictionary<string, string> Environment => new() { ["NOTIFY_SOCKET"] = _address };

    /// <summary>All that arrived, in order.</summary>
    public List<string> Messages { get; } = [];

    /// <summary>Whether something arrived that was not asked for.</summary>
    public bool HasMore => _socket.Available > 0;

    /// <summary>Waits for the next message that begins with this.</summary>
    public async Task<string> NextAsync(string prefix)
    {
        using var limit = new CancellationTokenSource(Patience);
        var buffer = new byte[4096];
        while (true)
        {
            var message = Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, limit.Token));
            Messages.Add(message);
            if (message.StartsWith(prefix, StringComparison.Ordinal))
            {
                return message;
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
