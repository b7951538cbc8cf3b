using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme.Challenges;

/// <summary>http-01: the proof is shown by <see cref="AcmeChallengeFilter"/>, here or in another process that shares the store.</summary>
internal sealed class HttpSolver(ChallengeBoard board, CertificateStore store) : IChallengeSolver
{
    public Task PresentAsync(string name, string token, string authorization, CancellationToken stop)
    {
        board.ShowHttp(token, authorization);
        store.WriteChallenge(token, authorization);
        return Task.CompletedTask;
    }

    public Task RemoveAsync(string name, string token, string authorization)
    {
        board.RemoveHttp(token);
        store.RemoveChallenge(token);
        return Task.CompletedTask;
    }
}
