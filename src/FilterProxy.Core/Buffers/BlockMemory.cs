using System.Buffers;

namespace FilterProxy.Core.Buffers;

/// <summary>
/// Memory for the pipes of one connection, which ask for as little as they can: as long as few of them hold some each gets a large block, so
/// that what flows does so in few pieces; when many do, e.g. thousands of streams with a byte each, the others get small ones. The arrays are
/// those of <see cref="ArrayPool{T}.Shared"/>. From any thread.
/// </summary>
/// <param name="largeBlock">Bytes of a large block; the most that can be rented.</param>
/// <param name="largeBlocks">How many of them there are at a time.</param>
internal sealed class BlockMemory(int largeBlock, int largeBlocks) : MemoryPool<byte>
{
    private const int SmallBlock = 4096;
    private int _left = largeBlocks;

    public override int MaxBufferSize => largeBlock;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, largeBlock);
        if (Interlocked.Decrement(ref _left) >= 0)
        {
            return Block.Rent(this, largeBlock);
        }

        Interlocked.Increment(ref _left);
        return Block.Rent(null, Math.Max(minBufferSize, SmallBlock));
    }

    protected override void Dispose(bool disposing)
    {
        // What is rented belongs to whoever has it, and nothing else is kept.
    }

    /// <summary>Owns an array until it is disposed; then another.</summary>
    private sealed class Block : IMemoryOwner<byte>
    {
        // Of a thread; beyond that they are left to the collector.
        private const int MaxSpare = 64;

        [ThreadStatic]
        private static Block? t_spare;

        private byte[]? _array;
        private BlockMemory? _owner;
        private Block? _next;
        private int _behind;

        public Memory<byte> Memory => _array ?? throw new ObjectDisposedException(nameof(Block));

        /// <param name="owner">Whose large block it is; null for a small one.</param>
        /// <param name="size">Bytes at the least.</param>
        public static Block Rent(BlockMemory? owner, int size)
        {
            var block = t_spare;
            if (block is null)
            {
                block = new Block();
            }
            else
            {
                t_spare = block._next;
                block._next = null;
            }

            block._owner = owner;
            block._array = ArrayPool<byte>.Shared.Rent(size);
            return block;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is not { } array)
            {
                return;
            }

            ArrayPool<byte>.Shared.Return(array);
            if (_owner is { } owner)
            {
                _owner = null;
                Interlocked.Increment(ref owner._left);
            }

            var spare = t_spare;
            _behind = spare is null ? 0 : spare._behind + 1;
            if (_behind < MaxSpare)
            {
                _next = spare;
                t_spare = this;
            }
        }
    }
}
