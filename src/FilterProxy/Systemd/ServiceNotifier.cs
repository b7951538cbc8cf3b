using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.Host.Systemd;

/// <summary>
/// The service's word to the service manager (sd_notify(3)): datagrams to the unix socket named by <c>NOTIFY_SOCKET</c>. Says nothing
/// where there is none, and never fails: a manager that does not listen is no reason to stop serving.
/// </summary>
internal sealed class ServiceNotifier : IDisposable
{
    private readonly Socket? _socket;

    /// <param name="address">A path, or <c>@name</c> for a name in the abstract namespace; null or another kind of address for none.</param>
    public ServiceNotifier(string? address)
    {
        if (address is not (['/', _, ..] or ['@', _, ..]))
        {
            return;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address));
            _socket = socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
        }
    }

    /// <summary>Whether a manager is told anything.</summary>
    public bool IsConnected => _socket is not null;

    /// <summary>It serves; also the end of a reload.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>It reads its configuration again; <see cref="Ready"/> follows.</summary>
    public void Reloading() => Send(string.Create(
        CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={(long)Stopwatch.GetElapsedTime(0).TotalMicroseconds}\nSTATUS=Reloading"));

    /// <summary>It ends, which may take this long: the manager waits at least until then before it kills.</summary>
    public void Stopping(string status, TimeSpan limit) => Send(string.Create(
        CultureInfo.InvariantCulture, $"STOPPING=1\nSTATUS={status}\nEXTEND_TIMEOUT_USEC={(long)limit.TotalMicroseconds}"));

    /// <summary>One sentence for <c>systemctl status</c>.</summary>
    public void Status(string status) => Send($"STATUS={status}");

    /// <summary>It is alive.</summary>
    public void Beat() => Send("WATCHDOG=1");

    public void Dispose() => _socket?.Dispose();

    private void Send(string state)
    {
        try
        {
            _socket?.Send(Encoding.UTF8.GetBytes(state));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The manager went away; it will know why.
        }
    }
}
