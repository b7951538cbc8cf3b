using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Tests.Transport;

/// <summary>Always has more to read and takes whatever is written, without ever waiting, until it is stopped.</summary>
internal sealed class EndlessPipe : PipeReader, IDuplexPipe
{
    private static readonly ReadOnlySequence<byte> s_piece = new(new byte[64 * 1024]);
    private volatile bool _stopped;

    public PipeReader Input => this;

    public PipeWriter Output { get; } = PipeWriter.Create(Stream.Null);

    public void Stop() => _stopped = true;

    public override bool TryRead(out ReadResult result)
    {
        result = new ReadResult(s_piece, isCanceled: false, isCompleted: _stopped);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        TryRead(out var result);
        return new ValueTask<ReadResult>(result);
    }

    public override void AdvanceTo(SequencePosition consumed)
    {
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
    }

    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }
}
