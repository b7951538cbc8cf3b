using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>The two lines a stream on a work connection begins with: the server's, which names a service, and the agent's, which says whether it is there.</summary>
internal static class WorkLine
{
    public const string Ok = "ok";
    private const string Refusal = "no ";
    private const int Longest = 1024;

    /// <summary>Asks for a service, by its name, with the client's address and the one it has connected to.</summary>
    public static byte[] Ask(string service, IPEndPoint? client, IPEndPoint? reached) =>
        Encoding.ASCII.GetBytes($"tcp {service} {client?.ToString() ?? "-"} {reached?.ToString() ?? "-"}\n");

    /// <summary>What was asked for; no service where it is nothing of the kind.</summary>
    public static (string? Service, IPEndPoint? Client, IPEndPoint? Reached) ReadAsk(string line) =>
        line.Split(' ') is ["tcp", { Length: > 0 } service, var client, var reached] ? (service, Address(client), Address(reached)) : default;

    /// <summary>Answers that a stream has begun, or why there is none.</summary>
    public static byte[] Answer(string? refusal = null) => Encoding.ASCII.GetBytes((refusal is null ? Ok : Refusal + refusal) + "\n");

    /// <summary>Why there is no stream, as the agent says it.</summary>
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
