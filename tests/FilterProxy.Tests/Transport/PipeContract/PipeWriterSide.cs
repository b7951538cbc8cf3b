using System.Buffers;
using System.IO.Pipelines;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The writer of a pipe: the model.</summary>
internal sealed class PipeWriterSide : WriterSide
{
    private readonly Pipe _pipe = new(new PipeOptions(useSynchronizationContext: false));

    public override PipeWriter Writer => _pipe.Writer;

    public override async Task<byte[]> ReceiveAsync(int count)
    {
        using var received = new MemoryStream();
        while (received.Length < count)
        {
            var read = await _pipe.Reader.ReadAsync();
            Assert.False(read.IsCompleted && read.Buffer.Length < count - received.Length);
            var piece = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, count - received.Length));
            received.Write(piece.ToArray());
            _pipe.Reader.AdvanceTo(piece.End);
        }

        return received.ToArray();
    }

    public override async Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync()
    {
        using var received = new MemoryStream();
        try
        {
            while (true)
            {
                var read = await _pipe.Reader.ReadAsync();
                received.Write(read.Buffer.ToArray());
                _pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return (received.ToArray(), true);
                }
            }
        }
        catch (IOException)
        {
            return (received.ToArray(), false);
        }
    }

    public override void Leave() => _pipe.Reader.Complete();

    public override void Dispose() => _pipe.Reader.Complete();
}
