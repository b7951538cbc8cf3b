namespace FilterProxy.Filters.Cache;

/// <summary>What outlives a reload of the options: all that is kept, and the fetches under way.</summary>
internal sealed class CacheState : IDisposable
{
    private CacheMetrics? _metrics;

    public CacheStore Memory { get; } = new();

    public Flights Flights { get; } = new();

    public DiskTier? Disk { get; private set; }

    public CacheMetrics Metrics => _metrics!;

    /// <summary>Takes the options that are in force from now on.</summary>
    /// <param name="options">The options.</param>
    /// <param name="folder">The disk's folder as an absolute path; null for none.</param>
    /// <param name="context">Of the filter whose options they are.</param>
    public void Use(CacheOptions options, string? folder, ComponentContext context)
    {
        // Instruments cannot be taken back: once for as long as the state lives.
        _metrics ??= new CacheMetrics(context.Meter, context.Place, this);
        (Memory.Capacity, Memory.MaxVariants) = (options.Memory.Bytes, options.MaxVariants);
        if (Disk?.Folder != folder)
        {
            var before = Disk;
            Disk = folder is null ? null : DiskTier.Open(folder, context.Logger);
            before?.Dispose();
        }

        if (Disk is not null)
        {
            Disk.Capacity = options.Disk!.Size.Bytes;
        }
    }

    public void Dispose() => Disk?.Dispose();
}
