using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace FilterProxy.Core.Buffers;

/// <summary>The awaitable half of a suspended method: completes once, is awaited once, then goes back to its pool.</summary>
internal abstract class PooledBox<T> : IValueTaskSource<T>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<T> _core;

    public short Version => _core.Version;

    public void SetResult(T result) => _core.SetResult(result);

    public void SetException(Exception exception) => _core.SetException(exception);

    public T GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            Recycle();
        }
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    protected abstract void Recycle();
}

/// <summary>A box for methods that failed before they ever suspended; failing is rare, so it is not pooled.</summary>
internal sealed class FaultedBox<T> : PooledBox<T>
{
    public static FaultedBox<T> Rent() => new();

    protected override void Recycle()
    {
    }
}

/// <summary>A box that holds the state machine of one method.</summary>
internal sealed class PooledBox<T, TStateMachine> : PooledBox<T>
    where TStateMachine : IAsyncStateMachine
{
    // More than this many at once of one method is beyond what a process serves; the rest is left to the collector.
    private const int MaxKept = 16_384;
    private static readonly ConcurrentQueue<PooledBox<T, TStateMachine>> Pool = new();
    private static PooledBox<T, TStateMachine>? s_fast;
    private static int s_kept;

    public TStateMachine StateMachine = default!;
    public ExecutionContext? Context;

    private PooledBox() => MoveNextAction = MoveNext;

    public Action MoveNextAction { get; }

    public static PooledBox<T, TStateMachine> Rent()
    {
        var box = s_fast;
        if (box is not null && Interlocked.CompareExchange(ref s_fast, null, box) == box)
        {
            return box;
        }

        if (Pool.TryDequeue(out box))
        {
            Interlocked.Decrement(ref s_kept);
            return box;
        }

        return new PooledBox<T, TStateMachine>();
    }

    protected override void Recycle()
    {
        StateMachine = default!;
        Context = null;
        if (s_fast is null && Interlocked.CompareExchange(ref s_fast, this, null) is null)
        {
            return;
        }

        if (Interlocked.Increment(ref s_kept) <= MaxKept)
        {
            Pool.Enqueue(this);
        }
        else
        {
            Interlocked.Decrement(ref s_kept);
        }
    }

    private void MoveNext()
    {
        // Nothing of this box may be touched after the machine has run: completing it may already have recycled the box.
        var context = Context;
        if (context is null)
        {
            StateMachine.MoveNext();
        }
        else
        {
            ExecutionContext.Run(context, static state => ((PooledBox<T, TStateMachine>)state!).StateMachine.MoveNext(), this);
        }
    }
}
