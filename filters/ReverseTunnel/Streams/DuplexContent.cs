using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Streams;

/// <summary>A request's body that is written from outside for as long as that takes, while the response is read.</summary>
internal sealed class DuplexContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where to write, once the request has been sent.</summary>
    public Task<Stream> Stream => _begun.Task;

    /// <summary>Says that nothing more comes (END_STREAM).</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Breaks it off (RST_STREAM); does nothing after <see cref="End"/>.</summary>
    public void Break() => _ended.TrySetException(new IOException("The stream was broken off."));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The head must leave, though there is no byte of a body yet.
        await stream.FlushAsync(cancellationToken);
        _begun.TrySetResult(stream);
        await _ended.Task.WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        Break();
        base.Dispose(disposing);
    }
}
