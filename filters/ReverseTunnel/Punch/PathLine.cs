using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>The messages of <see cref="PathText"/> on a secret stream, whose bytes follow after them.</summary>
internal static class PathLine
{
    public static async ValueTask SendAsync(IDuplexPipe stream, byte[] message, CancellationToken cancel) =>
        await stream.Output.WriteAsync((byte[])[(byte)message.Length, .. message], cancel);

    /// <exception cref="UpstreamException">The other end has left.</exception>
    /// <exception cref="IOException">The stream was cut.</exception>
    /// <exception cref="OperationCanceledException">It was given up; the stream cannot be used any more.</exception>
    public static async ValueTask<byte[]> ReadAsync(IDuplexPipe stream, CancellationToken cancel)
    {
        var (wanted, message) = (1, Array.Empty<byte>());
        while (true)
        {
            var read = await stream.Input.ReadAtLeastAsync(wanted, cancel);
            if (read.Buffer.Length < wanted)
            {
                throw Failed("tunnel_direct_ended");
            }

            wanted = 1 + read.Buffer.FirstSpan[0];
            if (read.Buffer.Length < wanted)
            {
                stream.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            message = read.Buffer.Slice(1, wanted - 1).ToArray();
            stream.Input.AdvanceTo(read.Buffer.GetPosition(wanted));
            return message;
        }
    }

    /// <summary>What the other end has said is not what this one understands.</summary>
    public static UpstreamException Malformed() => Failed("tunnel_direct_malformed");

    private static UpstreamException Failed(string detail) => new(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, detail));
}
