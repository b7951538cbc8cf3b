namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>One question to the provider that all requests with the same question share, and its answer for a while.</summary>
internal sealed class Flight<TAnswer>
{
    private readonly TaskCompletionSource<TAnswer> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _started;
    private long _until = long.MaxValue;

    public Task<TAnswer> Task => _done.Task;

    /// <summary>Whether the caller is the one to ask.</summary>
    public bool TryStart() => Volatile.Read(ref _started) == 0 && Interlocked.Exchange(ref _started, 1) == 0;

    /// <summary>Whether it is under way, or its answer still stands.</summary>
    public bool IsCurrent(long timestamp) => timestamp < Volatile.Read(ref _until);

    /// <param name="answer">What came of it.</param>
    /// <param name="until">The timestamp until which that stands.</param>
    public void Complete(TAnswer answer, long until)
    {
        Volatile.Write(ref _until, until);
        _done.SetResult(answer);
    }
}
