using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// What exchanges have in common towards their client, whatever it speaks: the times it is given and the way a response's body takes.
/// </summary>
internal abstract partial class DownstreamExchange(ProxyServices services) : ProxyExchange(services), IEndWatcher
{
    /// <summary>Bytes of the request's body read so far.</summary>
    protected abstract long RequestBytesRead { get; }

    /// <summary>Whether the client still waits for leave to send its body (RFC 9110 §10.1.1).</summary>
    protected abstract bool MayLeaveBodyOut { get; }

    protected override void OnBroken(ProxyErrorKind kind) => CancelRequestRead();
}
