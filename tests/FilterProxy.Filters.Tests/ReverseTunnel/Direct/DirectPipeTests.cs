using System.Buffers;
using System.IO.Pipelines;
using FilterProxy.TestKit;
using FilterProxy.Tests.Transport.PipeContract;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Direct;

/// <summary>The reading end is a pipe's.</summary>
public sealed class DirectInputTests() : PipeReaderCancellationContract(new DirectInputSide());

/// <summary>The writing end is a pipe's.</summary>
public sealed class DirectOutputTests() : PipeWriterContract(new DirectOutputSide());

internal sealed class DirectInputSide : ReaderSide
{
    private readonly DirectPair _pair = new();
    private long _sent;

    public override PipeReader Reader => _pair.Agent.Input;

    public override async Task SendAsync(byte[] bytes)
    {
        await _pair.Visitor.Output.WriteAsync(bytes);
        _sent += bytes.Length;
        await Poll.UntilAsync(() => _pair.Agent.Arrived == _sent);
    }

    public override void End() => _pair.Visitor.Output.Complete();

    public override void Fail() => _pair.Visitor.Abort();

    public override void Dispose() => _pair.DisposeAsync().AsTask().Wait();
}

internal sealed class DirectOutputSide : WriterSide
{
    private readonly DirectPair _pair = new();

    public override PipeWriter Writer => _pair.Visitor.Output;

    public override async Task<byte[]> ReceiveAsync(int count)
    {
        using var received = new MemoryStream();
        while (received.Length < count)
        {
            var read = await _pair.Agent.Input.ReadAsync();
            Assert.False(read.IsCompleted && read.Buffer.Length < count - received.Length);
            var piece = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, count - received.Length));
            received.Write(piece.ToArray());
            _pair.Agent.Input.AdvanceTo(piece.End);
        }

        return received.ToArray();
    }

    public override async Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync()
    {
        try
        {
            return (await DirectPair.ReadToEndAsync(_pair.Agent), true);
        }
        catch (IOException)
        {
            return ([], false);
        }
    }

    public override void Leave() => _pair.Agent.Abort();

    public override void Dispose() => _pair.DisposeAsync().AsTask().Wait();
}
