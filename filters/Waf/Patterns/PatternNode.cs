namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>A part of a regular expression as it was parsed.</summary>
internal abstract record PatternNode
{
    /// <summary>One byte.</summary>
    public sealed record Literal(int Value) : PatternNode;

    /// <summary>One byte of a set, or any byte that is not in it.</summary>
    public sealed record Class(ByteSet Set, bool IsNegated) : PatternNode;

    /// <summary>A dot.</summary>
    public sealed record Any : PatternNode;

    /// <summary>A place between bytes, e.g. <c>^</c> or <c>\b</c>, written as .NET wants it.</summary>
    public sealed record Anchor(string Text) : PatternNode;

    /// <summary>A change of options up to the end of the group.</summary>
    public sealed record Options(string Text) : PatternNode;

    /// <summary>A reference to what a group has matched.</summary>
    public sealed record Reference(int Number) : PatternNode;

    /// <summary>A group with its opening as .NET wants it.</summary>
    public sealed record Group(string Opening, PatternNode Inner, GroupKind Kind) : PatternNode;

    /// <summary>One after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Items) : PatternNode;

    /// <summary>One of several.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Items) : PatternNode;

    /// <summary>Several times; <paramref name="Max"/> is -1 for any number.</summary>
    public sealed record Repeat(PatternNode Inner, int Min, int Max, bool IsLazy, bool IsPossessive) : PatternNode;
}

/// <summary>What a group does beyond holding its parts together.</summary>
internal enum GroupKind
{
    Plain,
    Capture,
    Atomic,
    LookAhead,
    Look,
}
