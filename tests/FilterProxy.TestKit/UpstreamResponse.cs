using System.Text;

namespace FilterProxy.TestKit;

/// <summary>
/// A script for what a <see cref="TestUpstream"/> does with a request: bytes to send, gates to wait at, how to end. The connection is
/// kept open afterwards unless the script or the request says otherwise.
/// </summary>
public sealed class UpstreamResponse
{
    private readonly List<Step> _steps = [];

    private UpstreamResponse()
    {
    }

    internal enum StepKind
    {
        Send,
        SendBody,
        Wait,
        Run,
        Hang,
        Close,
        Reset,
    }

    internal IReadOnlyList<Step> Steps => _steps;

    /// <summary>200 with a body.</summary>
    public static UpstreamResponse Ok(string body = "ok", params (string Name, string Value)[] headers) => Create(200, body, headers);

    /// <summary>A status, fields and a body with Content-Length. The body is left out for HEAD.</summary>
    public static UpstreamResponse Create(int status, string body = "", params (string Name, string Value)[] headers) =>
        Create(status, Encoding.UTF8.GetBytes(body), headers);

    /// <inheritdoc cref="Create(int, string, ValueTuple{string, string}[])"/>
    public static UpstreamResponse Create(int status, byte[] body, params (string Name, string Value)[] headers)
    {
        (string, string)[] framing = status is 204 or 304 ? [] : [("Content-Length", body.Length.ToString())];
        var response = new UpstreamResponse().Add(StepKind.Send, Encoding.Latin1.GetBytes(Head(status, [.. headers, .. framing])));
        return body.Length == 0 ? response : response.Add(StepKind.SendBody, body);
    }

    /// <summary>200 with a chunked body, each piece in a chunk and a write of its own.</summary>
    public static UpstreamResponse Chunked(params string[] pieces)
    {
        var response = BeginChunked();
        foreach (var piece in pieces)
        {
            response.ThenChunk(piece);
        }

        return response.ThenLastChunk();
    }

    /// <summary>The head of a chunked 200; go on with <see cref="ThenChunk"/> and <see cref="ThenLastChunk"/>.</summary>
    public static UpstreamResponse BeginChunked(params (string Name, string Value)[] headers) =>
        Raw(Head(200, [.. headers, ("Transfer-Encoding", "chunked")]));

    /// <summary>Exactly these bytes, given as Latin-1.</summary>
    public static UpstreamResponse Raw(string bytes) => new UpstreamResponse().ThenSend(bytes);

    /// <summary>101 to a request for a WebSocket, by the rules.</summary>
    public static UpstreamResponse SwitchToWebSocket(UpstreamRequest request, params (string Name, string Value)[] headers) => Raw(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + $"Sec-WebSocket-Accept: {WebSocketKey.AcceptOf(request.Headers["Sec-WebSocket-Key"])}\r\n"
        + string.Concat(headers.Select(h => $"{h.Name}: {h.Value}\r\n")) + "\r\n");

    /// <summary>Nothing, with the connection open, until the peer closes it.</summary>
    public static UpstreamResponse Never() => new UpstreamResponse().ThenHang();

    /// <summary>Closes without an answer.</summary>
    public static UpstreamResponse CloseNow() => new UpstreamResponse().ThenClose();

    /// <summary>Resets without an answer.</summary>
    public static UpstreamResponse ResetNow() => new UpstreamResponse().ThenReset();

    /// <summary>Waits at a gate before anything else: <c>After(gate).ThenSend(…)</c>.</summary>
    public static UpstreamResponse After(Task gate) => new UpstreamResponse().ThenWait(gate);

    /// <summary>Sends exactly these bytes, given as Latin-1.</summary>
    public UpstreamResponse ThenSend(string bytes) => ThenSend(Encoding.Latin1.GetBytes(bytes));

    /// <summary>Sends exactly these bytes.</summary>
    public UpstreamResponse ThenSend(byte[] bytes) => Add(StepKind.Send, bytes);

    /// <summary>Sends what another script sends.</summary>
    public UpstreamResponse Then(UpstreamResponse other)
    {
        _steps.AddRange(other._steps);
        return this;
    }

    /// <summary>Sends a chunk of text.</summary>
    public UpstreamResponse ThenChunk(string text)
    {
        var data = Encoding.UTF8.GetBytes(text);
        return Add(StepKind.SendBody, [.. Encoding.ASCII.GetBytes($"{data.Length:x}\r\n"), .. data, .. "\r\n"u8]);
    }

    /// <summary>Sends the last chunk and trailers.</summary>
    public UpstreamResponse ThenLastChunk(params (string Name, string Value)[] trailers) =>
        Add(StepKind.SendBody, Encoding.Latin1.GetBytes("0\r\n" + string.Concat(trailers.Select(t => $"{t.Name}: {t.Value}\r\n")) + "\r\n"));

    /// <summary>Waits until the test opens a gate (the task of a <see cref="TaskCompletionSource"/>).</summary>
    public UpstreamResponse ThenWait(Task gate) => Add(new Step(StepKind.Wait, [], _ => gate));

    /// <summary>Hands the stream over, e.g. after 101. The connection closes when the task completes.</summary>
    public UpstreamResponse ThenRun(Func<Stream, Task> run) => Add(new Step(StepKind.Run, [], run)).ThenClose();

    /// <summary>Does nothing until the peer closes.</summary>
    public UpstreamResponse ThenHang() => Add(StepKind.Hang, []);

    /// <summary>Closes in order (FIN).</summary>
    public UpstreamResponse ThenClose() => Add(StepKind.Close, []);

    /// <summary>Resets (RST).</summary>
    public UpstreamResponse ThenReset() => Add(StepKind.Reset, []);

    private static string Head(int status, (string Name, string Value)[] headers) =>
        $"HTTP/1.1 {status} {(status == 200 ? "OK" : "Status")}\r\n" + string.Concat(headers.Select(h => $"{h.Name}: {h.Value}\r\n")) + "\r\n";

    private UpstreamResponse Add(StepKind kind, byte[] bytes) => Add(new Step(kind, bytes, null));

    private UpstreamResponse Add(Step step)
    {
        _steps.Add(step);
        return this;
    }

    internal sealed record Step(StepKind Kind, byte[] Bytes, Func<Stream, Task>? Run);
}
