namespace FilterProxy.Filters.Acme.Challenges;

/// <summary>Makes the proof of one kind of challenge visible to the CA.</summary>
internal interface IChallengeSolver
{
    /// <summary>Shows the proof for one name.</summary>
    /// <param name="name">The name without a star.</param>
    /// <param name="token">The CA's.</param>
    /// <param name="authorization">The proof (RFC 8555 §8.1).</param>
    /// <param name="stop">The process, or the configuration, ends.</param>
    Task PresentAsync(string name, string token, string authorization, CancellationToken stop);

    /// <summary>Completes when everything shown is there for all the world.</summary>
    Task SettleAsync(CancellationToken stop) => Task.CompletedTask;

    /// <summary>Takes the proof away, whatever became of it.</summary>
    Task RemoveAsync(string name, string token, string authorization);
}
