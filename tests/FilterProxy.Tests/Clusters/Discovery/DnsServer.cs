using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.Tests.Clusters.Discovery;

/// <summary>A name server that says what a test wants, by UDP and TCP on one port.</summary>
internal sealed class DnsServer : IAsyncDisposable
{
    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _tcp;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public DnsServer()
    {
        _tcp = ListenWith(_udp);
        _running = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync());
    }

    /// <summary>Listens by TCP on a port that is free for UDP as well, and takes both.</summary>
    private static Socket ListenWith(Socket udp)
    {
        while (true)
        {
            var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            try
            {
                udp.Bind(tcp.LocalEndPoint!);
                tcp.Listen();
                return tcp;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                tcp.Dispose();
            }
        }
    }

    public string Address => _udp.LocalEndPoint!.ToString()!;

    /// <summary>Records by type and name, e.g. <c>A app.test</c>, each as TTL and data.</summary>
    public ConcurrentDictionary<string, (uint Ttl, byte[] Data)[]> Records { get; } = new();

    /// <summary>The code of every answer; 0 for success.</summary>
    public byte Code { get; set; }

    public bool IsSilent { get; set; }

    /// <summary>Whether answers by UDP are cut.</summary>
    public bool Truncates { get; set; }

    /// <summary>Changes a message before it is sent.</summary>
    public Func<byte[], byte[]> Spoil { get; set; } = static message => message;

    public int Questions { get; private set; }

    public void Add(string type, string name, uint ttl, params string[] addresses) =>
        Records[$"{type} {name}"] = [.. addresses.Select(address => (ttl, IPAddress.Parse(address).GetAddressBytes()))];

    public void AddService(string name, uint ttl, params (ushort Priority, ushort Weight, ushort Port, string Target)[] services) =>
        Records[$"SRV {name}"] = [.. services.Select(s => (ttl, (byte[])[.. BigEndian(s.Priority), .. BigEndian(s.Weight), .. BigEndian(s.Port), .. NameOf(s.Target)]))];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await _running;
        _stop.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[512];
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                Questions++;
                if (!IsSilent)
                {
                    await _udp.SendToAsync(Spoil(Answer(buffer.AsSpan(0, received.ReceivedBytes), Truncates)), received.RemoteEndPoint);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeTcpAsync()
    {
        var buffer = new byte[512];
        try
        {
            while (true)
            {
                using var client = await _tcp.AcceptAsync(_stop.Token);
                var length = await client.ReceiveAsync(buffer, _stop.Token);
                var answer = Answer(buffer.AsSpan(2, length - 2), false);
                await client.SendAsync((byte[])[.. BigEndian((ushort)answer.Length), .. answer]);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private byte[] Answer(ReadOnlySpan<byte> question, bool cut)
    {
        var name = new StringBuilder();
        var at = 12;
        while (question[at] != 0)
        {
            name.Append(name.Length == 0 ? "" : ".").Append(Encoding.ASCII.GetString(question.Slice(at + 1, question[at])));
            at += question[at] + 1;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(question[(at + 1)..]);
        var text = type switch { 1 => "A", 28 => "AAAA", 33 => "SRV", _ => "?" };
        var records = cut ? [] : Records.GetValueOrDefault($"{text} {name}") ?? [];
        var message = new List<byte>([question[0], question[1], (byte)(0x81 | (cut ? 2 : 0)), (byte)(0x80 | Code), 0, 1, .. BigEndian((ushort)records.Length), 0, 0, 0, 0, .. question[12..]]);
        foreach (var (ttl, data) in records)
        {
            // The name by a pointer to the question.
            message.AddRange([0xC0, 12, .. BigEndian(type), 0, 1, .. BigEndian((ushort)(ttl >> 16)), .. BigEndian((ushort)ttl), .. BigEndian((ushort)data.Length), .. data]);
        }

        return [.. message];
    }

    private static byte[] BigEndian(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] NameOf(string name) => [.. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
}
