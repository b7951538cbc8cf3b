using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// A connection's transport as Kestrel's engine needs it. Its writer takes a flush that throws for a bug of its own and stops in the
/// middle; pipes without a pump throw when the client is gone. And it waits without limit for a client that does not read.
/// </summary>
internal sealed class KestrelTransport(IDuplexPipe transport, Heartbeat heartbeat, long writeTimeout) : PipeWriter, IDuplexPipe
{
    private readonly PipeWriter _output = transport.Output;
    private Deadline _deadline;
    private byte[]? _scratch;
    private volatile bool _isGone;

    public PipeReader Input => transport.Input;

    public PipeWriter Output => this;

    public override bool CanGetUnflushedBytes => _output.CanGetUnflushedBytes;

    public override long UnflushedBytes => _isGone ? 0 : _output.UnflushedBytes;

    /// <summary>Whether the client has not taken anything for too long. True once.</summary>
    public bool IsStuck(long now)
    {
        if (!_deadline.TryFire(now))
        {
            return false;
        }

        _deadline.EndFiring();
        return true;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _isGone ? Scratch(sizeHint) : _output.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _isGone ? Scratch(sizeHint) : _output.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (_scratch is null)
        {
            _output.Advance(bytes);
        }
    }

    public override void CancelPendingFlush() => _output.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => _output.Complete(exception);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_isGone)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
        }

        try
        {
            var flush = _output.FlushAsync(cancellationToken);
            return flush.IsCompletedSuccessfully ? flush : FinishAsync(flush);
        }
        catch (Exception e) when (IsGone(e))
        {
            return new ValueTask<FlushResult>(Leave());
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> FinishAsync(ValueTask<FlushResult> flush)
    {
        _deadline.Arm(heartbeat, writeTimeout);
        try
        {
            return await flush;
        }
        catch (Exception e) when (IsGone(e))
        {
            return Leave();
        }
        finally
        {
            _deadline.Disarm();
        }
    }

    private static bool IsGone(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException;

    private FlushResult Leave()
    {
        _isGone = true;
        return new FlushResult(isCanceled: false, isCompleted: true);
    }

    private byte[] Scratch(int size) => _scratch = _scratch is { } scratch && scratch.Length >= size ? scratch : new byte[Math.Max(size, 4096)];
}
