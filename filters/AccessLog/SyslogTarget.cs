using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Sends each line as one message to a syslog receiver (RFC 5424).</summary>
internal sealed class SyslogTarget(SyslogOptions options, TimeProvider time) : ILogTarget
{
    // RFC 5424 §6.2.1: a line about an exchange is information.
    private const int Severity = 6;

    // What a datagram carries everywhere; most receivers take no more (RFC 5426 §3.2).
    private const int LongestDatagram = 8 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly SyslogAddress _address = SyslogAddress.TryParse(options.Address, out var address, out var error) ? address! : throw new ArgumentException(error);
    private readonly byte[] _after = Encoding.ASCII.GetBytes($" {HostName()} {options.AppName} {Environment.ProcessId} access - ");
    private readonly LineBuffer _message = new();
    private Socket? _socket;

    public void Open()
    {
        if (_socket is not null)
        {
            return;
        }

        var socket = _address.Transport switch
        {
            SyslogTransport.Unix => new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified),
            SyslogTransport.Tcp => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
            _ => new Socket(SocketType.Dgram, ProtocolType.Udp),
        };
        try
        {
            socket.SendTimeout = (int)Patience.TotalMilliseconds;
            using var limit = new CancellationTokenSource(Patience);
            socket.ConnectAsync(_address.EndPoint, limit.Token).AsTask().GetAwaiter().GetResult();
            _socket = socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e is SocketException or OperationCanceledException ? new IOException($"no connection to {options.Address}: {e.Message}", e) : e;
        }
    }

    public void Write(ReadOnlySpan<byte> lines)
    {
        Open();
        try
        {
            while (!lines.IsEmpty)
            {
                var end = lines.IndexOf((byte)'\n');
                Send(lines[..end]);
                lines = lines[(end + 1)..];
            }
        }
        catch (SocketException e)
        {
            Close();
            throw new IOException($"{options.Address}: {e.Message}", e);
        }
    }

    public void FollowName()
    {
    }

    public void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    public void Dispose() => Close();

    private static string HostName() => Dns.GetHostName() is { Length: > 0 } name ? name : "-";

    private void Send(ReadOnlySpan<byte> line)
    {
        _message.Reset();
        _message.Append(Encoding.ASCII.GetBytes($"<{((int)options.Facility * 8) + Severity}>1 {time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'}"));
        _message.Append(_after);
        _message.Append(line);
        var message = _message.Written;
        if (_address.Transport == SyslogTransport.Tcp)
        {
            SendAll(Encoding.ASCII.GetBytes($"{message.Length} "));
            SendAll(message);
        }
        else
        {
            _socket!.Send(message.Length > LongestDatagram ? message[..LongestDatagram] : message);
        }
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket!.Send(bytes)..];
        }
    }
}
