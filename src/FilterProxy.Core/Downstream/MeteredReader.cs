using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;

namespace FilterProxy.Core.Downstream;

/// <summary>A connection's input on its way to Kestrel's engine: what the engine takes passes a meter.</summary>
/// <param name="reader">The connection's.</param>
/// <param name="meter">Told of every byte, once.</param>
/// <param name="exceeded">Called, perhaps more than once, when the meter says so.</param>
internal sealed class MeteredReader(PipeReader reader, Http2FrameMeter meter, Action exceeded) : PipeReader
{
    private ReadOnlySequence<byte> _lent;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = reader.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Lend(read.Result)) : AwaitAsync(read);
    }

    public override bool TryRead(out ReadResult result)
    {
        var isThere = reader.TryRead(out result);
        if (isThere)
        {
            Lend(result);
        }

        return isThere;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var taken = _lent.Slice(0, consumed);
        _lent = default;
        var isWithin = meter.Pass(taken);
        reader.AdvanceTo(consumed, examined);
        if (!isWithin)
        {
            exceeded();
        }
    }

    public override void CancelPendingRead() => reader.CancelPendingRead();

    /// <summary>The engine reads no more. The connection's reader stays open for what is to be read besides.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read) => Lend(await read);

    private ReadResult Lend(in ReadResult result)
    {
        _lent = result.Buffer;
        return result;
    }
}
