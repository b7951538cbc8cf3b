namespace FilterProxy.Filters.RateLimit;

/// <summary>What a key is looked up by: an address itself, or a keyed 128-bit hash of anything else. Nobody can find two keys with the same one.</summary>
/// <param name="High">The upper half.</param>
/// <param name="Low">The lower half.</param>
/// <param name="IsAddress">Whether it is an address, IPv4 in its IPv6 form.</param>
internal readonly record struct KeyId(ulong High, ulong Low, bool IsAddress);
