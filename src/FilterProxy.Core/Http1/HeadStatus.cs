namespace FilterProxy.Core.Http1;

/// <summary>What a head reader made of the bytes it was given.</summary>
internal enum HeadStatus
{
    NeedMore,
    Complete,
    Failed,
}
