using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace FilterProxy.Filters.ReverseTunnel.Stun;

/// <summary>Asks servers where they see a socket. Nobody else may receive by it meanwhile.</summary>
/// <param name="socket">Bound; stays the caller's.</param>
/// <param name="time">The clock.</param>
internal sealed class StunClient(Socket socket, TimeProvider time)
{
    // RFC 8489 §6.2.1: the first wait, which doubles, and the most requests.
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);
    private const int MostRequests = 7;

    // Once one has answered, the others are waited for no longer than this: what they would add is rarely another address.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    // Datagrams that are no answers and are read nevertheless, so that who floods the socket keeps nobody.
    private const int MostOthers = 1000;

    /// <summary>Asks all at once.</summary>
    /// <param name="servers">Whom.</param>
    /// <param name="limit">How long to wait for answers.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Where the socket is seen, as far as there were answers.</returns>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task<IReadOnlyList<IPEndPoint>> AskAsync(IReadOnlyList<IPEndPoint> servers, TimeSpan limit, CancellationToken cancel)
    {
        if (servers.Count == 0)
        {
            return [];
        }

        using var timeout = new CancellationTokenSource(limit, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var open = servers.Select(server => new Question(Narrow(socket, server))).ToList();
        var found = new List<IPEndPoint>();
        var asking = AskAgainAsync(open, over.Token);
        try
        {
            await ReceiveAsync(open, found, over, over.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Enough was waited.
        }
        finally
        {
            await over.CancelAsync();
            await asking;
        }

        return found;
    }

    /// <summary>An address as a socket takes it: one of both families knows those of IPv4 within IPv6.</summary>
    public static IPEndPoint Narrow(Socket socket, IPEndPoint address) =>
        socket.AddressFamily == AddressFamily.InterNetworkV6 && address.AddressFamily == AddressFamily.InterNetwork ? new IPEndPoint(address.Address.MapToIPv6(), address.Port) : address;

    private async Task ReceiveAsync(List<Question> open, List<IPEndPoint> found, CancellationTokenSource over, CancellationToken cancel)
    {
        var buffer = new byte[512];
        var sender = new SocketAddress(socket.AddressFamily);
        for (var others = 0; others < MostOthers;)
        {
            int length;
            try
            {
                length = await socket.ReceiveFromAsync(buffer, SocketFlags.None, sender, cancel);
            }
            catch (SocketException)
            {
                // A datagram that is longer, or what ICMP told of a server that is not there.
                others++;
                continue;
            }

            if (!Take(open, buffer.AsSpan(0, length), found))
            {
                others++;
                continue;
            }

            lock (open)
            {
                if (open.Count == 0)
                {
                    return;
                }
            }

            over.CancelAfter(Grace);
        }
    }

    private static bool Take(List<Question> open, ReadOnlySpan<byte> datagram, List<IPEndPoint> found)
    {
        lock (open)
        {
            foreach (var question in open)
            {
                if (StunMessage.ReadAnswer(datagram, question.Transaction) is { } mapped)
                {
                    open.Remove(question);
                    if (!found.Contains(mapped))
                    {
                        found.Add(mapped);
                    }

                    return true;
                }
            }
        }

        return false;
    }

    private async Task AskAgainAsync(List<Question> open, CancellationToken over)
    {
        var wait = FirstWait;
        for (var i = 0; i < MostRequests && !over.IsCancellationRequested; i++)
        {
            lock (open)
            {
                open.ForEach(question => question.Send(socket));
            }

            await Task.Delay(wait, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait *= 2;
        }
    }

    private sealed class Question(IPEndPoint server)
    {
        public byte[] Transaction { get; } = RandomNumberGenerator.GetBytes(StunMessage.TransactionLength);

        public void Send(Socket socket)
        {
            Span<byte> request = stackalloc byte[StunMessage.RequestLength];
            StunMessage.WriteRequest(Transaction, request);
            try
            {
                socket.SendTo(request, SocketFlags.None, server);
            }
            catch (SocketException)
            {
                // No way there now: it is asked again.
            }
        }
    }
}
