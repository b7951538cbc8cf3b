using System.IO.Pipelines;
using FilterProxy.Core.Buffers;
using Xunit;

namespace FilterProxy.Tests.Buffers;

public sealed class BlockMemoryTests
{
    private const int Large = 64 * 1024;

    [Fact]
    public void The_first_blocks_are_large_and_the_others_small()
    {
        var memory = new BlockMemory(Large, 2);
        using var first = memory.Rent(100);
        using var second = memory.Rent();
        using var third = memory.Rent(100);

        Assert.True(first.Memory.Length >= Large);
        Assert.True(second.Memory.Length >= Large);
        Assert.InRange(third.Memory.Length, 4096, Large - 1);
    }

    [Fact]
    public void A_large_block_that_is_given_back_is_there_for_the_next_once()
    {
        var memory = new BlockMemory(Large, 1);
        var first = memory.Rent();
        using var small = memory.Rent();
        first.Dispose();
        first.Dispose();
        small.Dispose();

        using var second = memory.Rent();
        using var third = memory.Rent();
        Assert.True(second.Memory.Length >= Large);
        Assert.True(third.Memory.Length < Large);
    }

    [Fact]
    public void A_small_one_is_as_large_as_was_asked_for()
    {
        var memory = new BlockMemory(Large, 0);
        using var block = memory.Rent(20_000);

        Assert.True(block.Memory.Length >= 20_000);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Rent(Large + 1));
    }

    [Fact]
    public void A_block_is_its_owners_until_it_is_given_back()
    {
        var memory = new BlockMemory(Large, 4);
        var blocks = Enumerable.Range(0, 200).Select(_ => memory.Rent()).ToList();
        for (var i = 0; i < blocks.Count; i++)
        {
            blocks[i].Memory.Span.Fill((byte)i);
        }

        for (var i = 0; i < blocks.Count; i++)
        {
            Assert.False(blocks[i].Memory.Span.ContainsAnyExcept((byte)i));
        }

        blocks.ForEach(block => block.Dispose());
        Assert.Throws<ObjectDisposedException>(() => blocks[0].Memory);
        using var next = memory.Rent();
        Assert.True(next.Memory.Length >= Large);
    }

    [Fact]
    public async Task A_pipe_that_asks_for_little_has_much_in_one_piece()
    {
        var pipe = new Pipe(new PipeOptions(new BlockMemory(Large, 1), minimumSegmentSize: 4096));
        await pipe.Writer.WriteAsync(new byte[50_000]);
        var read = await pipe.Reader.ReadAsync();

        Assert.Equal(50_000, read.Buffer.Length);
        Assert.True(read.Buffer.IsSingleSegment);
        pipe.Reader.AdvanceTo(read.Buffer.End);
    }
}
