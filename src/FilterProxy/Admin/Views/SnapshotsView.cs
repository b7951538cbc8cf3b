using FilterProxy.Core;

namespace FilterProxy.Host.Admin.Views;

/// <summary>The configuration in force, and the replaced ones that something still runs under.</summary>
/// <param name="Current">The number of the one in force; 0 before the first.</param>
/// <param name="AppliedAt">Since when, UTC.</param>
/// <param name="Held">The replaced ones.</param>
internal sealed record SnapshotsView(long Current, DateTimeOffset? AppliedAt, IReadOnlyList<HeldView> Held)
{
    public static SnapshotsView Of(ProxyControl control)
    {
        var engine = control.Engine;
        return new SnapshotsView(
            engine.Current?.Snapshot.Version ?? 0, engine.Current is null ? null : engine.AppliedAt, [.. engine.HeldConfigs.Select(HeldView.Of)]);
    }
}

/// <summary>A replaced configuration, and what holds it.</summary>
/// <param name="Version">Its number.</param>
/// <param name="ReplacedAt">When the next one took its place, UTC.</param>
/// <param name="Exchanges">Exchanges that began under it.</param>
/// <param name="Listeners">Its listeners with the connections that are inside their filters.</param>
/// <param name="Parts">The components and clusters that end with it.</param>
/// <param name="CutInSeconds">Until what runs under it is cut; null for never.</param>
internal sealed record HeldView(
    long Version, DateTimeOffset ReplacedAt, int Exchanges, IReadOnlyDictionary<string, int> Listeners, IReadOnlyList<string> Parts, double? CutInSeconds)
{
    public static HeldView Of(HeldConfig held) => new(
        held.Version, held.ReplacedAt, held.Exchanges, held.Listeners, held.Parts, held.CutIn is { } time ? Math.Round(time.TotalSeconds, 1) : null);
}
