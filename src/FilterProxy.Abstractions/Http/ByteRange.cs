namespace FilterProxy;

/// <summary>A piece of a <see cref="HeadBlock"/>.</summary>
internal readonly record struct ByteRange(int Start, int Length)
{
    public int End => Start + Length;

    public bool IsEmpty => Length == 0;
}
