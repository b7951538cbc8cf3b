using System.Net.Security;
using FilterProxy.Filters.ReverseTunnel.Server;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>TLS within a relayed stream. An end that was not announced (close_notify) is a cut: whoever relays must not be able to shorten what was said.</summary>
internal sealed class SecretStream : SslStream
{
    private readonly TransportStream _relayed;

    public SecretStream(TransportStream relayed)
        : base(relayed, leaveInnerStreamOpen: true) => _relayed = relayed;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await base.ReadAsync(buffer, cancellationToken);
        return count > 0 || buffer.Length == 0 || !_relayed.HasEnded ? count : throw new ConnectionResetException("The stream was cut.");
    }
}
