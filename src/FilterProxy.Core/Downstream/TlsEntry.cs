using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Security;
using FilterProxy.Core.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// Where TLS ends on a listener: reads the ClientHello, has it answered by the plan's certificates and rules, does the handshake, and
/// hands plain text on. What fails is answered as TLS (or HTTP) has it, counted, and said in the log once in a while for each reason.
/// </summary>
internal sealed class TlsEntry(ProxyServices services)
{
    private static readonly byte[] PlainHttpReply = MakePlainHttpReply();
    private readonly Sampler[] _samplers = new Sampler[Enum.GetValues<TlsResult>().Length];
    private int _underWay;

    /// <summary>Runs a connection through TLS and what stands behind it.</summary>
    /// <param name="connection">With cipher text.</param>
    /// <param name="plan">The plan it was accepted under.</param>
    /// <param name="next">Gets it with plain text.</param>
    public async Task RunAsync(ConnectionContext connection, ListenerPlan plan, ConnectionDelegate next)
    {
        var (stream, isChallenge, farewell) = await ShakeHandsAsync(connection, plan);
        if (stream is null)
        {
            if (farewell.Length > 0)
            {
                await SayAsync(connection, farewell);
            }

            return;
        }

        var transport = connection.Transport;
        var plain = new TlsPipe(connection, stream, services.Time);
        try
        {
            if (!isChallenge)
            {
                TlsFacts.Describe(connection, stream);
                connection.Transport = plain;
                await next(connection);
            }
        }
        finally
        {
            await plain.EndAsync();
            connection.Transport = transport;
        }
    }

    /// <summary>The stream when the handshake is done; otherwise what to say before the connection is closed.</summary>
    private async Task<(SslStream? Stream, bool IsChallenge, byte[] Farewell)> ShakeHandsAsync(ConnectionContext connection, ListenerPlan plan)
    {
        using var handshake = new TlsHandshake(connection, plan, services);
        var counted = false;
        SslStream? stream = null;
        TlsSelection selection = default;
        try
        {
            var (status, hello) = await ReadHelloAsync(connection.Transport.Input, handshake.Timeout);
            if (hello is null)
            {
                return Refuse(connection, plan, ResultOf(status, handshake));
            }

            counted = true;
            if (Interlocked.Increment(ref _underWay) > plan.MaxHandshakes && plan.MaxHandshakes > 0)
            {
                services.Limits.Reached(Limit.TlsHandshakes);
                return Refuse(connection, plan, TlsResult.TooMany, $"tls.max_handshakes is {plan.MaxHandshakes}");
            }

            selection = await SelectAsync(hello, plan, handshake);
            if (selection.Options is null)
            {
                return Refuse(connection, plan, selection.Refusal, $"'{hello.ServerName}'");
            }

            stream = new SslStream(new TransportStream(connection.Transport), leaveInnerStreamOpen: true);
            await stream.AuthenticateAsServerAsync(selection.Options, handshake.Timeout);
            services.Tls.Succeeded(plan.Name, stream.SslProtocol);
            var done = stream;
            stream = null;
            return (done, selection.IsChallenge, []);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException
            or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            var (result, detail) = handshake.Timeout.IsCancellationRequested
                ? (TlsResult.Timeout, $"not done within {plan.HandshakeTimeout}")
                : TlsFailures.Explain(e, selection.Check);
            Report(connection, plan, result, detail);
            return (null, false, []);
        }
        finally
        {
            stream?.Dispose();
            if (counted)
            {
                Interlocked.Decrement(ref _underWay);
            }
        }
    }

    /// <summary>Looks at what comes without taking it: the TLS library reads it again.</summary>
    private static async ValueTask<(ClientHelloStatus Status, TlsClientHello? Hello)> ReadHelloAsync(PipeReader input, CancellationToken timeout)
    {
        while (true)
        {
            var read = await input.ReadAsync(timeout);
            var status = TlsClientHello.Read(read.Buffer, out var hello);
            if (status == ClientHelloStatus.NeedMore && !read.IsCompleted && !read.IsCanceled)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            input.AdvanceTo(hello is null ? read.Buffer.End : read.Buffer.Start);
            return (status, hello);
        }
    }

    private async ValueTask<TlsSelection> SelectAsync(TlsClientHello hello, ListenerPlan plan, TlsHandshake handshake)
    {
        try
        {
            var selection = plan.Tls!.SelectAsync(hello, handshake.Timeout);

            // A source that does not heed the deadline is left alone with its work.
            return selection.IsCompleted ? await selection : await selection.AsTask().WaitAsync(handshake.Timeout);
        }
        catch (Exception e)
        {
            if (handshake.Timeout.IsCancellationRequested)
            {
                return new TlsSelection(null, TlsResult.Timeout);
            }

            // A source may be anybody's code: whatever it throws costs this handshake and nothing else.
            if (_samplers[(int)TlsResult.SourceFailed].TryTake(services.Heartbeat.Now, out var skipped))
            {
                services.Log.CertificateSourceFailed(e, plan.Name, hello.ServerName, skipped);
            }

            return new TlsSelection(null, TlsResult.SourceFailed);
        }
    }

    private static TlsResult ResultOf(ClientHelloStatus status, TlsHandshake handshake) => status switch
    {
        ClientHelloStatus.PlainHttp => TlsResult.PlainHttp,
        ClientHelloStatus.NotTls => TlsResult.NotTls,
        ClientHelloStatus.Malformed => TlsResult.MalformedHello,
        _ => handshake.Timeout.IsCancellationRequested ? TlsResult.Timeout : TlsResult.Closed,
    };

    /// <summary>A handshake that does not come about, and what the client is told: the library has not said anything yet.</summary>
    private (SslStream? Stream, bool IsChallenge, byte[] Farewell) Refuse(
        ConnectionContext connection, ListenerPlan plan, TlsResult result, string detail = "")
    {
        Report(connection, plan, result, detail);
        return (null, false, result switch
        {
            TlsResult.PlainHttp => PlainHttpReply,
            TlsResult.MalformedHello => TlsAlert.Fatal(TlsAlert.DecodeError),
            TlsResult.UnknownServerName => TlsAlert.Fatal(TlsAlert.UnrecognizedName),
            TlsResult.NoApplicationProtocol => TlsAlert.Fatal(TlsAlert.NoApplicationProtocol),
            TlsResult.SourceFailed => TlsAlert.Fatal(TlsAlert.InternalError),
            _ => [],
        });
    }

    /// <summary>Counts a failure and says it in the log once in a while.</summary>
    private void Report(ConnectionContext connection, ListenerPlan plan, TlsResult result, string detail)
    {
        services.Tls.Failed(plan.Name, result);
        ConnectionReport.End(connection, TlsMetrics.ReasonOf(result));
        if (result == TlsResult.Timeout)
        {
            services.Limits.Reached(Limit.TlsHandshake);
        }

        // Somebody who connects and leaves, as every port check does, is not worth a line; a failed source has had its own.
        if (result is not (TlsResult.Closed or TlsResult.SourceFailed) && _samplers[(int)result].TryTake(services.Heartbeat.Now, out var skipped))
        {
            services.Log.TlsHandshakeFailed(plan.Name, connection.RemoteEndPoint?.ToString() ?? "-", TlsMetrics.NameOf(result), detail, skipped);
        }
    }

    /// <summary>Says a last word, and waits a little for the client to have read it.</summary>
    private async Task SayAsync(ConnectionContext connection, byte[] farewell)
    {
        using var limit = new CancellationTokenSource(LastWord.LingerTime, services.Time);
        try
        {
            if (!(await connection.Transport.Output.WriteAsync(farewell, limit.Token)).IsCompleted)
            {
                await LastWord.LingerAsync(connection.Transport.Input, limit.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException
            or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // It has left, or takes too long.
        }
    }

    private static byte[] MakePlainHttpReply()
    {
        const string Body = $"A plain HTTP request was sent to an HTTPS port ({ReasonCodes.PlainHttp})\n";
        return System.Text.Encoding.ASCII.GetBytes(
            $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}");
    }
}
