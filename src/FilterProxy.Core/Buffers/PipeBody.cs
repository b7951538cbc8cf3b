using System.IO.Pipelines;

namespace FilterProxy.Core.Buffers;

/// <summary>A body that a filter supplies as a pipe; it ends when the pipe does.</summary>
internal sealed class PipeBody : BodyReader
{
    private PipeReader? _pipe;
    private SequencePosition _consumed;
    private bool _holding;

    public void Begin(PipeReader pipe)
    {
        _pipe = pipe;
        _holding = false;
    }

    public override async ValueTask<BodyRead> ReadAsync()
    {
        var result = await _pipe!.ReadAsync();
        _consumed = result.Buffer.End;
        _holding = true;
        return result.IsCanceled
            ? new BodyRead(BodyStatus.Canceled)
            : new BodyRead(result.IsCompleted ? BodyStatus.End : BodyStatus.Data, result.Buffer);
    }

    public override void Advance()
    {
        if (_holding)
        {
            _holding = false;
            _pipe!.AdvanceTo(_consumed);
        }
    }

    /// <summary>Makes a read under way end, from any thread.</summary>
    public void Cancel() => Volatile.Read(ref _pipe)?.CancelPendingRead();

    /// <summary>Tells the filter that nothing more will be read.</summary>
    public void Complete()
    {
        Advance();
        _pipe?.Complete();
        _pipe = null;
    }
}
