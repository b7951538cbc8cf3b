namespace FilterProxy.Filters.Quota;

/// <summary>What one key has used of its quota. Locked by whoever touches it.</summary>
internal sealed class QuotaEntry(string name, string shown)
{
    /// <summary>What it is called in the file and in redis.</summary>
    public string Name => name;

    /// <summary>What operators see.</summary>
    public string Shown => shown;

    /// <summary>The period the numbers are of: the ticks of its beginning.</summary>
    public long Period { get; set; }

    public long Used { get; set; }

    /// <summary>What redis has not been told yet.</summary>
    public long Untold { get; set; }
}
