namespace FilterProxy;

/// <summary>A component with work to do before it serves: opening files, first fetches, background loops.</summary>
public interface IStartable
{
    /// <summary>
    /// Called once, after the whole configuration compiled and before it takes over. An exception keeps the old configuration.
    /// What it started ends when <paramref name="stop"/> is cancelled; a component may also be <see cref="IAsyncDisposable"/>.
    /// </summary>
    ValueTask StartAsync(CancellationToken stop);
}
