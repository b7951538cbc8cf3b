namespace FilterProxy;

/// <summary>Methods the engine treats by name; every other token is <see cref="Other"/> and is forwarded as it is.</summary>
#pragma warning disable CS1591 // Each member is the method it is named after.
public enum HttpMethodKind : byte
{
    Other, Get, Head, Post, Put, Delete, Connect, Options, Trace, Patch,
}
#pragma warning restore CS1591
