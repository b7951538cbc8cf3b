using System.Buffers;
using System.Text;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>Options of the <c>tcp</c> health check.</summary>
internal sealed record TcpHealthOptions
{
    /// <summary>Text sent once connected. Default: none.</summary>
    public string Send { get; init; } = "";

    /// <summary>Text that must come back within the first 4 KiB. Default: none; a connection is enough.</summary>
    public string Expect { get; init; } = "";

    /// <summary>Another port than the endpoint's. Default: the endpoint's.</summary>
    public ushort? Port { get; init; }
}

/// <summary>Healthy is who accepts a connection, TLS included where the cluster speaks it, and says what is expected.</summary>
[Component("tcp")]
internal sealed class TcpHealthCheck(TcpHealthOptions options) : IHealthCheck
{
    private const int Most = 4096;
    private readonly byte[] _send = Encoding.UTF8.GetBytes(options.Send);
    private readonly byte[] _expect = Encoding.UTF8.GetBytes(options.Expect);

    public async ValueTask<HealthResult> ProbeAsync(UpstreamPeer peer, CancellationToken timeout)
    {
        peer = ProbePeer.For(peer, options.Port) with { Protocol = UpstreamProtocol.Http1 };
        await using var connection = await peer.Cluster.ConnectToAsync(peer, timeout);
        if (_send.Length > 0)
        {
            await connection.Transport.Output.WriteAsync(_send, timeout);
        }

        while (_expect.Length > 0)
        {
            var read = await connection.Transport.Input.ReadAsync(timeout);
            var found = read.Buffer.Slice(0, Math.Min(Most, read.Buffer.Length)).ToArray().AsSpan().IndexOf(_expect) >= 0;
            var isOver = read.IsCompleted || read.Buffer.Length >= Most;
            connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (found)
            {
                break;
            }

            if (isOver)
            {
                return HealthResult.Unhealthy("the expected text did not come");
            }
        }

        return HealthResult.Healthy;
    }
}
