using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

/// <summary>Two ends of a connection in memory: the server's, and an agent's that a test writes by hand.</summary>
internal sealed class HandshakeLine : DefaultConnectionContext, IDuplexPipe
{
    private readonly Pipe _toServer = new(), _toAgent = new();
    private readonly CancellationTokenSource _closed = new();

    public HandshakeLine()
    {
        Transport = this;
        ConnectionClosed = _closed.Token;
        RemoteEndPoint = new IPEndPoint(IPAddress.Parse("192.0.2.7"), 40000);
        Agent = new End(_toAgent.Reader, _toServer.Writer);
    }

    PipeReader IDuplexPipe.Input => _toServer.Reader;

    PipeWriter IDuplexPipe.Output => _toAgent.Writer;

    /// <summary>The agent's end.</summary>
    public IDuplexPipe Agent { get; }

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await Agent.Output.WriteAsync(bytes);

    /// <summary>Reads the reply, head and body; after a refusal the agent hangs up, as agents do.</summary>
    public async Task<HandshakeAnswer> ReadAsync()
    {
        while (true)
        {
            var read = await Agent.Input.ReadAsync();
            var text = Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer));
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var isWelcome = text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) || text.StartsWith("HTTP/1.1 101", StringComparison.Ordinal);
            if (read.IsCompleted || (end >= 0 && isWelcome))
            {
                Agent.Input.AdvanceTo(isWelcome ? read.Buffer.GetPosition(end + 4) : read.Buffer.End);
                if (!isWelcome)
                {
                    await Agent.Output.CompleteAsync();
                }

                return new HandshakeAnswer(isWelcome ? text[..(end + 4)] : text);
            }

            Agent.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Closes it, as the transport does.</summary>
    public async Task CloseAsync()
    {
        await Agent.Output.CompleteAsync();
        await _closed.CancelAsync();
    }

    private sealed class End(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
