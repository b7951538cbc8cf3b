namespace FilterProxy.Filters.RateLimit;

/// <summary>What a request is held against where it is counted here.</summary>
internal enum CountMode
{
    /// <summary>The whole limit.</summary>
    Whole,

    /// <summary>This instance's part of it.</summary>
    Share,

    /// <summary>
    /// Redis decides, and what is counted here is for when it is away. Only what is certain refuses before it is asked: its own last refusal,
    /// and a bucket that is full by this instance's requests alone. Windows here begin at other times than redis' do.
    /// </summary>
    Ahead,
}
