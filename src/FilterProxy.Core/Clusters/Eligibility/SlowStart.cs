namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>How the share of an endpoint that begins to take traffic grows.</summary>
/// <param name="Window">Milliseconds until it has all of it.</param>
/// <param name="Aggression">1 grows evenly; above it faster in the beginning.</param>
/// <param name="MinPercent">Percent of its weight it begins with.</param>
internal sealed record SlowStart(long Window, double Aggression, int MinPercent)
{
    /// <summary>Weights are multiplied by this while one of a set is growing, so that parts of them are whole numbers.</summary>
    public const int Scale = 100;

    /// <summary>Milliseconds between two steps of growth.</summary>
    public long Step => Math.Clamp(Window / 20, 100, 5000);

    /// <summary>Whether an endpoint is still growing.</summary>
    public bool IsGrowing(Endpoint endpoint, long now) => EndpointState.Of(endpoint).ServingSince is > 0 and var since && now - since < Window;

    /// <summary>The part of its weight it has now, from 0 to 1.</summary>
    public double PartOf(Endpoint endpoint, long now)
    {
        if (!IsGrowing(endpoint, now))
        {
            return 1;
        }

        var age = Math.Max(0, now - EndpointState.Of(endpoint).ServingSince);
        return Math.Max(MinPercent / 100.0, Math.Pow(age / (double)Window, 1 / Aggression));
    }
}
