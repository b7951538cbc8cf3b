using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace FilterProxy.Core.Clusters.Discovery;

/// <summary>
/// Asks name servers directly, because the system's resolver tells neither how long an answer holds nor SRV records. Over UDP, over TCP where
/// the answer does not fit; one server after the other.
/// </summary>
/// <param name="servers">The servers, in order.</param>
/// <param name="timeout">For each of them.</param>
internal sealed class DnsClient(IReadOnlyList<IPEndPoint> servers, TimeSpan timeout)
{
    private const string ResolverFile = "/etc/resolv.conf";

    /// <summary>The servers the system uses.</summary>
    public static IReadOnlyList<IPEndPoint> SystemServers()
    {
        if (!File.Exists(ResolverFile))
        {
            return [];
        }

        return [.. File.ReadLines(ResolverFile)
            .Select(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", _, ..])
            .Select(words => IPAddress.TryParse(words[1], out var address) ? new IPEndPoint(address, 53) : null)
            .OfType<IPEndPoint>()];
    }

    /// <summary>The records of a name; none where it has none of this type.</summary>
    /// <exception cref="DnsException">No server gave an answer; the message says what the last one said.</exception>
    public async Task<List<DnsRecord>> ResolveAsync(string name, DnsType type, CancellationToken cancel)
    {
        Exception? last = null;
        foreach (var server in servers)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(timeout);
            try
            {
                // The number is a secret between the two, as is the port: who sees neither cannot answer for the server.
                var question = DnsMessage.Ask(BinaryPrimitives.ReadUInt16BigEndian(RandomNumberGenerator.GetBytes(2)), name, type);
                var answer = await AskAsync(server, question, patience.Token);
                return DnsMessage.Read(answer, question.Length, type);
            }
            catch (Exception e) when (e is SocketException or IOException or DnsException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                last = e;
            }
        }

        throw last as DnsException
            ?? new DnsException(last is null ? "there is no name server" : last is OperationCanceledException ? $"no name server answered within {timeout.TotalSeconds:0.#} s" : last.Message);
    }

    private static async Task<byte[]> AskAsync(IPEndPoint server, byte[] question, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancel);
        await socket.SendAsync(question, cancel);
        var buffer = new byte[4096];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancel);
            if (DnsMessage.Answers(buffer.AsSpan(0, length), question))
            {
                return DnsMessage.IsTruncated(buffer) ? await AskByTcpAsync(server, question, cancel) : buffer[..length];
            }
        }
    }

    private static async Task<byte[]> AskByTcpAsync(IPEndPoint server, byte[] question, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, cancel);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync((byte[])[(byte)(question.Length >> 8), (byte)question.Length, .. question], cancel);
        var prefix = new byte[2];
        await stream.ReadExactlyAsync(prefix, cancel);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await stream.ReadExactlyAsync(answer, cancel);
        return DnsMessage.Answers(answer, question) ? answer : throw new DnsException("the answer is to another question");
    }
}
