using System.Threading.Tasks.Sources;

namespace FilterProxy.Core.Transport;

// What is in the processor's cache when the bytes come.
internal abstract partial class DirectReader
{
    // Of a waiting method, and of an exchange with what was allocated behind it.
    private const int MethodLines = 6, ExchangeLines = 40;

    // Whoever waits.
    private object? _resumes;

    /// <summary>What the bytes are for, and is needed as soon as they come; null where that is not known. See <see cref="WarmUp"/>.</summary>
    public object? Serves { get; set; }

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _resumes = state;
        _waiter.OnCompleted(continuation, state, token, flags);
    }

    /// <summary>Has what will be needed brought into the cache, when the bytes that are waited for have come.</summary>
    public void WarmUp()
    {
        CacheLines.Fetch(_resumes, MethodLines);
        CacheLines.Fetch(Serves, ExchangeLines);
    }
}
