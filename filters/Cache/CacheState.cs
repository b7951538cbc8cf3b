using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Cache;

/// <summary>What outlives a reload of the options: all that is kept, and the fetches under way.</summary>
internal sealed class CacheState : IDisposable
{
    public CacheStore Memory { get; } = new();

    public Flights Flights { get; } = new();

    public DiskTier? Disk { get; private set; }

    /// <summary>Takes the options that are in force from now on.</summary>
    /// <param name="options">The options.</param>
    /// <param name="folder">The disk's folder as an absolute path; null for none.</param>
    /// <param name="logger">For the disk's failures.</param>
    public void Use(CacheOptions options, string? folder, ILogger logger)
    {
        (Memory.Capacity, Memory.MaxVariants) = (options.Memory.Bytes, options.MaxVariants);
        if (Disk?.Folder != folder)
        {
            var before = Disk;
            Disk = folder is null ? null : DiskTier.Open(folder, logger);
            before?.Dispose();
        }

        if (Disk is not null)
        {
            Disk.Capacity = options.Disk!.Size.Bytes;
        }
    }

    public void Dispose() => Disk?.Dispose();
}
