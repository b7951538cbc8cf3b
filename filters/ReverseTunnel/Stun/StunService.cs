using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.ReverseTunnel.Stun;

/// <summary>
/// Tells who asks from which address it is seen, by STUN Binding (RFC 8489): so that visitors and agents behind NAT find each other. Whatever is no such request has no
/// answer, and no answer has many more bytes than its request.
/// </summary>
[Component("stun")]
public sealed class StunService : IDatagramService
{
    // Addresses that are told apart within a second; with more, new ones have no answer until the next.
    private const int MostClients = 10_000;

    // Longer than any request there is a reason for.
    private const int LongestRequest = 548;

    private readonly StunOptions _options;
    private readonly TimeProvider _time;
    private readonly StunMetrics _metrics;

    /// <summary>Serves as the options say.</summary>
    public StunService(StunOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_options, _time, _metrics) = (options, context.Time, new StunMetrics(context.Meter));
    }

    /// <inheritdoc/>
    public async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.Blocking = false;
        var (buffer, answer) = (new byte[LongestRequest], new byte[StunMessage.LongestAnswer]);
        var sender = new SocketAddress(socket.AddressFamily);
        var blank = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var clients = new Dictionary<IPAddress, int>();
        var since = _time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var length = await socket.ReceiveFromAsync(buffer, SocketFlags.None, sender, stop);
                if (_time.GetElapsedTime(since) >= TimeSpan.FromSeconds(1))
                {
                    clients.Clear();
                    since = _time.GetTimestamp();
                }

                _metrics.Asked(Answer(socket, buffer.AsSpan(0, length), sender, (IPEndPoint)blank.Create(sender), clients, answer));
            }
            catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is not (SocketError.OperationAborted or SocketError.NotSocket))
            {
                // Too long for a request, an answer that did not reach its client, or a full buffer: it is no fault of whoever comes next.
                _metrics.Asked("failed");
            }
        }
    }

    private string Answer(Socket socket, ReadOnlySpan<byte> request, SocketAddress sender, IPEndPoint client, Dictionary<IPAddress, int> clients, byte[] into)
    {
        var transaction = StunMessage.TransactionOf(request);
        if (transaction.IsEmpty)
        {
            return "malformed";
        }

        if (_options.ClientRate > 0)
        {
            var count = clients.GetValueOrDefault(client.Address);
            if (count >= _options.ClientRate || (count == 0 && clients.Count >= MostClients))
            {
                return "client_rate";
            }

            clients[client.Address] = count + 1;
        }

        socket.SendTo(into.AsSpan(0, StunMessage.WriteAnswer(transaction, client, into)), SocketFlags.None, sender);
        return "answered";
    }
}
