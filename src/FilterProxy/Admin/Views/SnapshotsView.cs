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
            engine.Current?.Snapshot.Version ?? 0, engine.Current is null ? null : engine.AppliedAt, [.. engine.HeldConfigs.Select(held => new HeldView(held))]);
    }
}

/// <summary>A replaced configuration, and what holds it.</summary>
internal sealed record HeldView
{
    public HeldView(HeldConfig held) =>
        (Version, ReplacedAt, Exchanges, Listeners, Parts, CutInSeconds) =
        (held.Version, held.ReplacedAt, held.Exchanges, held.Listeners, held.Parts, held.CutIn is { } time ? Math.Round(time.TotalSeconds, 1) : null);

    public long Version { get; }

    /// <summary>When the next one took its place, UTC.</summary>
    public DateTimeOffset ReplacedAt { get; }

    /// <summary>Client connections whose exchange began under it.</summary>
    public int Exchanges { get; }

    /// <summary>Its listeners with the connections that are inside their filters.</summary>
    public IReadOnlyDictionary<string, int> Listeners { get; }

    /// <summary>The components and clusters that end with it.</summary>
    public IReadOnlyList<string> Parts { get; }

    /// <summary>Until what runs under it is cut; null for never.</summary>
    public double? CutInSeconds { get; }
}
