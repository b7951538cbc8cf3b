namespace FilterProxy.Filters.Keys;

/// <summary>What requests are counted under.</summary>
/// <param name="Key">The key; null for the client's address.</param>
/// <param name="WithAddress">Whether the address belongs to the key, too.</param>
/// <param name="Missing">What counts for a request without a key.</param>
/// <param name="Ipv4Prefix">Bits of an IPv4 address that count.</param>
/// <param name="Ipv6Prefix">Bits of an IPv6 address that count.</param>
internal sealed record KeyRule(Template? Key, bool WithAddress = false, MissingKey Missing = MissingKey.Address, int Ipv4Prefix = 32, int Ipv6Prefix = 64);
