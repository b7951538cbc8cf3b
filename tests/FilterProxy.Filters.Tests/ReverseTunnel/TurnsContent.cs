using System.Net;
using System.Text;

namespace FilterProxy.Filters.Tests.ReverseTunnel;

/// <summary>A request body that a test writes word by word.</summary>
internal sealed class TurnsContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task SayAsync(string word)
    {
        var stream = await _begun.Task;
        await stream.WriteAsync(Encoding.ASCII.GetBytes(word));
        await stream.FlushAsync();
    }

    public void End() => _ended.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.FlushAsync();
        _begun.SetResult(stream);
        await _ended.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
