using System.IO.Pipelines;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The reader of a pipe: the model.</summary>
internal sealed class PipeReaderSide : ReaderSide
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));

    public override PipeReader Reader => _pipe.Reader;

    public override async Task SendAsync(byte[] bytes) => await _pipe.Writer.WriteAsync(bytes);

    public override void End() => _pipe.Writer.Complete();

    public override void Fail() => _pipe.Writer.Complete(new IOException("broken off"));

    public override void Dispose() => _pipe.Writer.Complete();
}
