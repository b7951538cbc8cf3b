using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Core.Downstream;

/// <summary>A connection's transport that counts what passes, where the socket's own reader and writer do not.</summary>
internal sealed class CountedTransport : IDuplexPipe
{
    private readonly Reader _reader;
    private readonly Writer _writer;

    public CountedTransport(IDuplexPipe transport) => (_reader, _writer) = (new Reader(transport.Input), new Writer(transport.Output));

    public PipeReader Input => _reader;

    public PipeWriter Output => _writer;

    /// <summary>Bytes consumed by whoever reads.</summary>
    public long Received => _reader.Count;

    /// <summary>Bytes written.</summary>
    public long Sent => _writer.Count;

    private sealed class Reader(PipeReader reader) : PipeReader
    {
        private ReadOnlySequence<byte> _lent;

        public long Count { get; private set; }

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var result = await reader.ReadAsync(cancellationToken);
            _lent = result.Buffer;
            return result;
        }

        public override bool TryRead(out ReadResult result)
        {
            var isThere = reader.TryRead(out result);
            _lent = isThere ? result.Buffer : default;
            return isThere;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            Count += _lent.Slice(0, consumed).Length;
            _lent = default;
            reader.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => reader.CancelPendingRead();

        public override void Complete(Exception? exception = null) => reader.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => reader.CompleteAsync(exception);
    }

    private sealed class Writer(PipeWriter writer) : PipeWriter
    {
        public long Count { get; private set; }

        public override bool CanGetUnflushedBytes => writer.CanGetUnflushedBytes;

        public override long UnflushedBytes => writer.UnflushedBytes;

        public override void Advance(int bytes)
        {
            Count += bytes;
            writer.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => writer.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            Count += source.Length;
            return writer.WriteAsync(source, cancellationToken);
        }

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => writer.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => writer.CompleteAsync(exception);
    }
}
