using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>
/// The two lines with which a work connection gets something to carry: the server's, which names a service, or <c>http</c> for requests, and the agent's, which says
/// whether it takes it.
/// </summary>
internal static class WorkLine
{
    public const string Ok = "ok";
    private const string Refusal = "no ";
    private const string Requests = "http - - -";
    private const int Longest = 1024;

    /// <summary>Asks for it.</summary>
    public static byte[] Ask(in WorkAsk ask) =>
        Encoding.ASCII.GetBytes((ask.Service is { } service ? $"tcp {service} {ask.Client?.ToString() ?? "-"} {ask.Reached?.ToString() ?? "-"}" : Requests) + "\n");

    /// <summary>What was asked for; null where it is nothing of the kind.</summary>
    public static WorkAsk? ReadAsk(string line) =>
        line == Requests ? WorkAsk.Requests
        : line.Split(' ') is ["tcp", { Length: > 0 } service, var client, var reached] ? new WorkAsk(service, Address(client), Address(reached))
        : null;

    /// <summary>Answers that it has begun, or why it has not.</summary>
    public static byte[] Answer(string? refusal = null) => Encoding.ASCII.GetBytes((refusal is null ? Ok : Refusal + refusal) + "\n");

    /// <summary>Why it has not, as the agent says it.</summary>
    public static string ReadRefusal(string line) => line.StartsWith(Refusal, StringComparison.Ordinal) ? line[Refusal.Length..] : "";

    private static IPEndPoint? Address(string text) => IPEndPoint.TryParse(text, out var address) ? address : null;

    /// <summary>Reads a line and leaves what follows it in the pipe. Null where the peer has ended, or says nothing that is a line.</summary>
    public static async ValueTask<string?> ReadAsync(PipeReader input, CancellationToken cancel)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancel);
            var end = read.Buffer.PositionOf((byte)'\n');
            if (end is { } at && read.Buffer.Slice(0, at) is { Length: < Longest } text)
            {
                var line = Encoding.ASCII.GetString(text);
                input.AdvanceTo(read.Buffer.GetPosition(1, at));
                return line;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.Buffer.Length >= Longest)
            {
                return null;
            }
        }
    }
}
