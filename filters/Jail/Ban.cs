using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.Jail;

/// <summary>A client that is kept out for a while, and why.</summary>
/// <param name="Key">Who, as operators see it.</param>
/// <param name="Id">Who, to be found.</param>
/// <param name="Until">Until when, in ticks of the monotonic clock.</param>
/// <param name="Ends">The same as a time of day.</param>
/// <param name="Cause">The offence that was one too many.</param>
/// <param name="Proof">The last offences: time, method, path, status and reason of each.</param>
/// <param name="Name">What it is called in redis.</param>
internal sealed record Ban(string Key, KeyId Id, long Until, DateTimeOffset Ends, string Cause, IReadOnlyList<string> Proof, string Name)
{
    /// <summary>When it was seen in redis, in ticks of the monotonic clock; 0 for not yet.</summary>
    public long SharedAt { get; set; }
}
