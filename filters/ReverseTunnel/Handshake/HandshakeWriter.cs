using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Access;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Writes the server's replies.</summary>
internal static class HandshakeWriter
{
    // For the reply, and as long again for the peer to read it: a connection that is closed with bytes unread is reset, and the reply may be lost.
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(1);

    /// <summary>Lets an agent in.</summary>
    /// <exception cref="IOException">It has left.</exception>
    public static async ValueTask WelcomeAsync(PipeWriter output, TunnelWelcome welcome, bool upgrade, CancellationToken cancel)
    {
        var head = upgrade
            ? HeadText.Write("HTTP/1.1 101 Switching Protocols", [("connection", "Upgrade"), ("upgrade", Fields.UpgradeProtocol), .. WelcomeText.Write(welcome)])
            : HeadText.Write("HTTP/1.1 200 OK", [("content-length", "0"), .. WelcomeText.Write(welcome)]);
        var flush = await output.WriteAsync(head, cancel);
        if (flush.IsCompleted)
        {
            throw new IOException("The agent has left.");
        }
    }

    /// <summary>Refuses one, and ends the connection.</summary>
    public static async ValueTask RefuseAsync(IDuplexPipe transport, HandshakeRefusal refusal, CancellationToken cancel)
    {
        try
        {
            using (var sending = Limit(cancel))
            {
                await transport.Output.WriteAsync(Text(refusal), sending.Token);
            }

            await transport.Output.CompleteAsync();
            using var reading = Limit(cancel);
            await DrainAsync(transport.Input, reading.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Whoever does not take its reply has none.
        }
    }

    private static CancellationTokenSource Limit(CancellationToken cancel)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Parting);
        return limit;
    }

    private static byte[] Text(HandshakeRefusal refusal)
    {
        var body = Encoding.UTF8.GetBytes((refusal.Told ?? refusal.Detail) + "\n");
        var fields = new List<(string, string)>
        {
            ("content-type", "text/plain; charset=utf-8"), ("content-length", body.Length.ToString(CultureInfo.InvariantCulture)), ("connection", "close"),
            (Fields.Version, TunnelHello.CurrentVersion.ToString(CultureInfo.InvariantCulture)), (Fields.Reason, refusal.Code),
        };
        if (refusal.RetryAfter is { } after)
        {
            fields.Add(("retry-after", Math.Max(1, (long)after.TotalSeconds).ToString(CultureInfo.InvariantCulture)));
        }

        if (refusal.Status == 401)
        {
            // RFC 9110 §11.6.1
            fields.Add(("www-authenticate", $"{HelloSignature.Scheme}, Bearer"));
        }
        else if (refusal.Status == 426)
        {
            fields.Add(("upgrade", Fields.UpgradeProtocol));
        }

        return [.. HeadText.Write($"HTTP/1.1 {refusal.Status} {refusal.Phrase}", fields), .. body];
    }

    private static async ValueTask DrainAsync(PipeReader input, CancellationToken cancel)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancel);
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }
        }
    }
}
