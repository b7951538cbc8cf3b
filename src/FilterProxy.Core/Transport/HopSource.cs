using System.Threading.Tasks.Sources;

namespace FilterProxy.Core.Transport;

/// <summary>
/// What an await of a change of threads waits for: it hands what follows to where it is to run. One for all that go there, at any time; the
/// runtime's own state machines pass themselves as the state, so that nothing is allocated for it.
/// </summary>
/// <param name="schedule">Runs an action with its state, somewhere else and without an execution context.</param>
internal sealed class HopSource(Action<Action<object?>, object?> schedule) : IValueTaskSource
{
    /// <summary>A wait that has just begun, to be awaited once.</summary>
    public ValueTask Await() => new(this, 0);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => ValueTaskSourceStatus.Pending;

    void IValueTaskSource.GetResult(short token)
    {
    }

    // The engine's methods flow their own execution context.
    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        schedule(continuation, state);
}
