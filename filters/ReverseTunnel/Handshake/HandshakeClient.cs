using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Access;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>The agent's side of the handshake.</summary>
/// <param name="options">How it asks.</param>
/// <param name="directory">The folder a relative <c>token_file</c> is in.</param>
/// <param name="time">The clock.</param>
internal sealed class HandshakeClient(AgentHandshakeOptions options, string directory, TimeProvider time)
{
    private const int MaxHead = 32 * 1024;
    private const int MaxBody = 1024;
    private const int MaxToken = 8 * 1024;

    private readonly byte[]? _secret = options.KeySecret is { } secret ? Encoding.UTF8.GetBytes(secret) : null;

    /// <summary>Asks for a tunnel on a connection. What the server sends behind its reply stays in the pipe.</summary>
    /// <returns>How it ended; a server that leaves or talks nonsense is an answer too.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<HandshakeReply> RunAsync(IDuplexPipe transport, TunnelHello hello, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            await transport.Output.WriteAsync(await RequestAsync(hello, both.Token), both.Token);
            var (end, head, problem) = await HeadReader.ReadAsync(transport.Input, MaxHead, both.Token);
            return end == HeadReader.End.Complete ? await ReadAsync(transport.Input, head!, both.Token) : Failed($"the server's reply cannot be read: {problem}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Failed($"the server did not answer within {options.Timeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or UnauthorizedAccessException)
        {
            return Failed(e.Message);
        }
    }

    private static HandshakeReply Failed(string reason, int status = 0) => new(null, status, reason);

    private async ValueTask<byte[]> RequestAsync(TunnelHello hello, CancellationToken cancel)
    {
        var fields = HelloText.Write(hello).ToList();
        var authorization = _secret is not null ? HelloSignature.Sign(options.KeyId!, _secret, time.GetUtcNow(), fields)
            : options.TokenFile is { } file ? "Bearer " + await ReadTokenAsync(Path.Combine(directory, file), cancel)
            : null;
        (string, string)[] upgrade = options.Upgrade ? [("connection", "Upgrade"), ("upgrade", Fields.UpgradeProtocol)] : [];
        (string, string)[] credential = authorization is null ? [] : [("authorization", authorization)];
        return HeadText.Write($"{options.Method} {options.Path} HTTP/1.1", [("host", options.Host), .. upgrade, .. fields, .. credential]);
    }

    // Tokens are short-lived and replaced where they lie.
    private static async ValueTask<string> ReadTokenAsync(string path, CancellationToken cancel)
    {
        var token = (await File.ReadAllTextAsync(path, cancel)).Trim();
        return token.Length is > 0 and <= MaxToken && token.All(c => c is > ' ' and <= '~') ? token : throw new IOException($"{path} holds no token.");
    }

    private async ValueTask<HandshakeReply> ReadAsync(PipeReader input, HandshakeHead head, CancellationToken cancel)
    {
        if (head.StartLine.Split(' ', 3) is not ["HTTP/1.1", { Length: 3 } code, ..] || !int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status < 101)
        {
            return Failed("the server's reply is none of HTTP/1.1");
        }

        var expected = options.Upgrade ? 101 : 200;
        if (status != expected)
        {
            return await ReadRefusalAsync(input, head, status, cancel);
        }

        if (status == 101 && !RequestCheck.AsksForUpgrade(head))
        {
            return Failed("the server switches to another protocol", status);
        }

        // A body would stand where the tunnel's bytes are expected.
        if (head.Values("transfer-encoding").Any() || head.Values("content-length").Any(length => length != "0"))
        {
            return Failed("the server's reply has a body", status);
        }

        return WelcomeText.Read(head) is { } welcome ? new HandshakeReply(welcome, status, "") : Failed("the server's reply has no settings of this program's version", status);
    }

    private static async ValueTask<HandshakeReply> ReadRefusalAsync(PipeReader input, HandshakeHead head, int status, CancellationToken cancel)
    {
        var code = head.Values(Fields.Reason).FirstOrDefault() ?? "refused";
        TimeSpan? after = int.TryParse(head.Values("retry-after").FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;
        if (!head.TryGetOne("content-length", out var text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length is 0 or > MaxBody)
        {
            return new HandshakeReply(null, status, Visible(code), after);
        }

        var read = await input.ReadAtLeastAsync(length, cancel);
        var body = Encoding.UTF8.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer.Slice(0, Math.Min(length, read.Buffer.Length))));
        input.AdvanceTo(read.Buffer.End);
        return new HandshakeReply(null, status, Visible($"{code}: {body.Trim()}"), after);
    }

    // It goes into the agent's log.
    private static string Visible(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
