using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Datagrams;

/// <summary>Serves a socket that many clients share: each datagram goes to its client's session.</summary>
/// <param name="socket">Bound; stays the caller's, who may close it once it has told the server to stop.</param>
/// <param name="table">The sessions.</param>
/// <param name="most">The most bytes of a datagram.</param>
/// <param name="dropped">Told whose datagram is dropped, and why; null for nobody's, of which the kernel told too late.</param>
internal sealed class DatagramServer<TSession>(Socket socket, SessionTable<TSession> table, long most, Action<SocketAddress?, string> dropped)
    where TSession : ClientSession
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Serves until it is told to stop, and ends all sessions.</summary>
    public async Task RunAsync(TimeProvider time, CancellationToken stop)
    {
        // A full buffer costs a datagram, and nobody's time.
        socket.Blocking = false;
        using var sweep = time.CreateTimer(static table => ((SessionTable<TSession>)table!).Sweep(), table, SweepInterval, SweepInterval);
        try
        {
            await ReceiveAsync(stop);
        }
        finally
        {
            table.Clear();
        }
    }

    private async Task ReceiveAsync(CancellationToken stop)
    {
        var batch = new DatagramBatch();
        var nothing = new byte[1];
        var client = new SocketAddress(socket.AddressFamily);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (batch.Count < DatagramBatch.Most)
                {
                    await socket.ReceiveFromAsync(nothing, SocketFlags.Peek, client, stop);
                }

                OnReceived(batch.Receive(socket));
            }
            catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is not (SocketError.OperationAborted or SocketError.NotSocket))
            {
                OnReceived(e.SocketErrorCode);
                continue;
            }

            PassOn(batch, client);
        }
    }

    private void OnReceived(SocketError error)
    {
        // Of an answer that did not reach its client, for one: it is no fault of whoever comes next.
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            dropped(null, "receive_failed");
        }
    }

    private void PassOn(DatagramBatch batch, SocketAddress client)
    {
        TSession? last = null;
        var first = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            batch.CopySender(i, client);
            var refusal = "too_large";
            var session = batch.LengthOf(i) > most ? null : table.Find(client, out refusal);
            if (session is null)
            {
                dropped(client, refusal);
            }

            if (session != last)
            {
                last?.Send(batch, first, i - first);
                (last, first) = (session, i);
            }
        }

        last?.Send(batch, first, batch.Count - first);
    }
}
