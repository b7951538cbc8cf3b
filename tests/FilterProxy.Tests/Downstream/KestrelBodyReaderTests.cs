using System.Buffers;
using System.IO.Pipelines;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Downstream;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Tests.Downstream;

/// <summary>Kestrel's pipe throws from every method once its stream was reset: no failure of who only wants to be done with it.</summary>
public sealed class KestrelBodyReaderTests
{
    private readonly KestrelBodyReader _reader = new();
    private readonly ResettablePipe _pipe = new();

    public KestrelBodyReaderTests() => _reader.Begin(_pipe, isEmpty: false, long.MaxValue, waits: false, null, new HeaderMap(new HeadBlock()));

    [Fact]
    public void A_body_whose_stream_was_reset_can_be_cancelled()
    {
        _pipe.IsReset = true;

        _reader.Cancel();
    }

    [Fact]
    public async Task A_piece_whose_stream_was_reset_meanwhile_can_be_given_back()
    {
        Assert.Equal(BodyStatus.Data, (await _reader.ReadAsync()).Status);
        _pipe.IsReset = true;

        _reader.Advance();

        Assert.Equal(BodyStatus.Truncated, (await _reader.ReadAsync()).Status);
    }

    private sealed class ResettablePipe : PipeReader
    {
        public bool IsReset { get; set; }

        public override void AdvanceTo(SequencePosition consumed) => Check();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => Check();

        public override void CancelPendingRead() => Check();

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            Check();
            return new(new ReadResult(new ReadOnlySequence<byte>([1]), isCanceled: false, isCompleted: false));
        }

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        private void Check()
        {
            if (IsReset)
            {
                throw new ConnectionResetException("reset");
            }
        }
    }
}
