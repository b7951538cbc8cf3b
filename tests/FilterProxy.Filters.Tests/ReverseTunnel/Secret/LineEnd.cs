using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Secret;

/// <summary>An end of a line in memory.</summary>
internal sealed class LineEnd : ConnectionContext, IDuplexPipe
{
    private LineEnd(PipeReader input, PipeWriter output)
    {
        (Input, Output) = (input, output);
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = "line";

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public static (LineEnd One, LineEnd Other) Pair()
    {
        var options = new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false);
        var (there, back) = (new Pipe(options), new Pipe(options));
        return (new LineEnd(back.Reader, there.Writer), new LineEnd(there.Reader, back.Writer));
    }

    public override void Abort(ConnectionAbortedException abortReason) => Output.Complete();

    public override async ValueTask DisposeAsync()
    {
        await Output.CompleteAsync();
        await base.DisposeAsync();
    }
}
