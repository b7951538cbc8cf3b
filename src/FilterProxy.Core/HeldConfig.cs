namespace FilterProxy.Core;

/// <summary>A replaced configuration that something still runs under.</summary>
/// <param name="Version">Its number.</param>
/// <param name="ReplacedAt">When the next one took its place, UTC.</param>
/// <param name="Exchanges">Client connections whose exchange began under it.</param>
/// <param name="Listeners">Its listeners by name, with the connections that are inside their filters or handshakes.</param>
/// <param name="Parts">The components and clusters that end with it.</param>
/// <param name="CutIn">Until what runs under it is cut; null for never.</param>
internal sealed record HeldConfig(
    long Version, DateTimeOffset ReplacedAt, int Exchanges, IReadOnlyDictionary<string, int> Listeners, IReadOnlyList<string> Parts, TimeSpan? CutIn);
