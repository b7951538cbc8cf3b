using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace FilterProxy.Core.Config.Explain;

/// <summary>A request that is only thought of: what choices may depend on is there, nothing can be done with it.</summary>
internal sealed class ExplainExchange : HttpExchange
{
    public override CancellationToken Aborted => CancellationToken.None;

    public override bool HasRequestBody => false;

    public override bool TryGetCluster(string name, [NotNullWhen(true)] out Cluster? cluster)
    {
        cluster = null;
        return false;
    }

    public override void Reply(int status, string reason, ReadOnlyMemory<byte> body = default, string? contentType = null) => throw new NotSupportedException();

    public override void Reply(int status, string reason, PipeReader body, long? length, string? contentType) => throw new NotSupportedException();

    public override void Reply(int status, string reason, ReadOnlySequence<byte> body, PreparedFields fields) => throw new NotSupportedException();

    public override void Abort(string reason) => throw new NotSupportedException();

    public override ValueTask<BufferResult> BufferRequestBodyAsync(long max) => throw new NotSupportedException();

    public override ValueTask<BufferResult> BufferResponseBodyAsync(long max) => throw new NotSupportedException();

    public override void ReplaceBody(ReadOnlySequence<byte> body) => throw new NotSupportedException();
}
