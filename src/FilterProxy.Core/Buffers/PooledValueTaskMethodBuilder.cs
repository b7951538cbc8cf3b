using System.Runtime.CompilerServices;

#pragma warning disable CA1822 // The compiler calls every member of a builder on the instance.

namespace FilterProxy.Core.Buffers;

/// <summary>
/// Builds <c>async ValueTask&lt;T&gt;</c> methods whose suspended state comes from a pool, so a method that runs for every request
/// allocates nothing once warm. Mark a method with <c>[AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder&lt;&gt;))]</c>.
/// </summary>
/// <remarks>
/// The framework's own pooling builder keeps one box per thread and core, which 64 concurrent exchanges outgrow at once; this
/// one keeps as many as were ever in flight. The price is the rule for every ValueTask: await it exactly once.
/// </remarks>
internal struct PooledValueTaskMethodBuilder<T>
{
    private PooledBox<T>? _box;
    private T _result;

    public static PooledValueTaskMethodBuilder<T> Create() => default;

    internal readonly PooledBox<T>? Box => _box;

    public readonly ValueTask<T> Task => _box is null ? new ValueTask<T>(_result) : new ValueTask<T>(_box, _box.Version);

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine =>
        default(AsyncValueTaskMethodBuilder<T>).Start(ref stateMachine);

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine) => _ = stateMachine;

    public void SetResult(T result)
    {
        if (_box is null)
        {
            _result = result;
        }
        else
        {
            _box.SetResult(result);
        }
    }

    public void SetException(Exception exception)
    {
        // Before the first suspension the method can only fail into a box as well: the caller expects a ValueTask.
        _box ??= FaultedBox<T>.Rent();
        _box.SetException(exception);
    }

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        awaiter.OnCompleted(Suspend(ref stateMachine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        awaiter.UnsafeOnCompleted(Suspend(ref stateMachine));

    private Action Suspend<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (_box is not PooledBox<T, TStateMachine> box)
        {
            box = PooledBox<T, TStateMachine>.Rent();

            // The builder lives inside the state machine: it must know its box before the machine is copied into it.
            _box = box;
            box.StateMachine = stateMachine;
        }

        box.Context = ExecutionContext.Capture();
        return box.MoveNextAction;
    }
}

/// <summary>As <see cref="PooledValueTaskMethodBuilder{T}"/>, for methods without a result.</summary>
internal struct PooledValueTaskMethodBuilder
{
    // Part of the state machine like its own fields: what the inner builder remembers is copied with the machine.
    private PooledValueTaskMethodBuilder<Nothing> _inner;

    public static PooledValueTaskMethodBuilder Create() => default;

    public readonly ValueTask Task => _inner.Box is { } box ? new ValueTask(box, box.Version) : default;

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine =>
        default(AsyncValueTaskMethodBuilder).Start(ref stateMachine);

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine) => _ = stateMachine;

    public void SetResult() => _inner.SetResult(default);

    public void SetException(Exception exception) => _inner.SetException(exception);

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        _inner.AwaitOnCompleted(ref awaiter, ref stateMachine);

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        _inner.AwaitUnsafeOnCompleted(ref awaiter, ref stateMachine);
}

/// <summary>The result of a method without one.</summary>
internal readonly struct Nothing;
