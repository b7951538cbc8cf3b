namespace FilterProxy.EmbeddingSample;

/// <summary>A service of the application that the filter shares.</summary>
public sealed class Visits
{
    private long _count;

    /// <summary>Requests so far.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts one more.</summary>
    public long Next() => Interlocked.Increment(ref _count);
}
