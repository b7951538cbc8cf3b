namespace FilterProxy.Core.Routing;

/// <summary>One segment of a <see cref="PathPattern"/>: fixed bytes, or a parameter when there are none.</summary>
internal readonly record struct PathSegment(byte[]? Literal)
{
    public bool IsParameter => Literal is null;
}
