using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.ContractSketches.Tunnel;

/// <summary>Takes in agents that dial this proxy: <c>AGENT name</c> on a line, then the connection is theirs to serve requests on.</summary>
[Component("sketch_tunnel_accept")]
public sealed class TunnelAccept(ComponentContext context) : IConnectionFilter
{
    private readonly AgentTable _agents = context.Shared<AgentTable>();

    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (await ReadNameAsync(connection) is { } agent)
        {
            await _agents.ShelveAsync(agent, new LentConnection(connection));
        }
    }

    private static async ValueTask<string?> ReadNameAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync();
            var reader = new SequenceReader<byte>(read.Buffer);
            if (reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
            {
                var text = Encoding.ASCII.GetString(line).TrimEnd('\r');
                input.AdvanceTo(reader.Position);
                return text.StartsWith("AGENT ", StringComparison.Ordinal) ? text[6..] : null;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.Buffer.Length > 256)
            {
                return null;
            }
        }
    }
}
