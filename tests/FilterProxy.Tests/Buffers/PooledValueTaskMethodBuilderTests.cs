using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Buffers;

public sealed class PooledValueTaskMethodBuilderTests
{
    private static readonly AsyncLocal<int> Local = new();

    [Fact]
    public async Task A_method_that_does_not_suspend_is_complete_with_its_result()
    {
        var call = AddAsync(Task.CompletedTask, 1);
        Assert.True(call.IsCompletedSuccessfully);
        Assert.Equal(2, await call);
    }

    [Fact]
    public async Task A_method_that_suspends_completes_later()
    {
        var gate = new TaskCompletionSource();
        var call = AddAsync(gate.Task, 1);
        Assert.False(call.IsCompleted);
        gate.SetResult();
        Assert.Equal(2, await call);
    }

    [Fact]
    public async Task An_exception_before_the_first_suspension_comes_with_the_await()
    {
        var call = FailAsync(Task.CompletedTask);
        Assert.True(call.IsFaulted);
        await Assert.ThrowsAsync<FormatException>(async () => await call);
    }

    [Fact]
    public async Task An_exception_after_a_suspension_comes_with_the_await()
    {
        var gate = new TaskCompletionSource();
        var call = FailAsync(gate.Task);
        gate.SetResult();
        await Assert.ThrowsAsync<FormatException>(async () => await call);
    }

    [Fact]
    public async Task A_method_may_call_itself()
    {
        Assert.Equal(500, await DepthAsync(500));
        Assert.Equal(500, await DepthAsync(500));
    }

    [Fact]
    public async Task Many_pending_at_once_each_get_their_own_result_time_and_again()
    {
        for (var round = 0; round < 3; round++)
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var calls = Enumerable.Range(0, 1_000).Select(i => AddAsync(gate.Task, i)).ToArray();
            gate.SetResult();
            for (var i = 0; i < calls.Length; i++)
            {
                Assert.Equal(i + 1, await calls[i]);
            }
        }
    }

    [Fact]
    public async Task The_context_flows_in_and_does_not_leak_out()
    {
        Local.Value = 7;
        var gate = new TaskCompletionSource();
        var call = ReadAndChangeLocalAsync(gate.Task);
        Assert.Equal(7, Local.Value);
        Local.Value = 9;
        gate.SetResult();

        Assert.Equal((7, 8), await call);
        Assert.Equal(9, Local.Value);
    }

    [Fact]
    public async Task The_context_of_one_call_does_not_show_in_the_next_that_gets_its_box()
    {
        Local.Value = 7;
        var gate = new TaskCompletionSource();
        var call = ReadAndChangeLocalAsync(gate.Task);
        gate.SetResult();
        await call;
        Local.Value = 0;

        gate = new TaskCompletionSource();
        call = ReadAndChangeLocalAsync(gate.Task);
        gate.SetResult();
        Assert.Equal((0, 8), await call);
    }

    [Fact]
    public void A_thousand_pending_calls_once_warm_allocate_nothing()
    {
        var calls = new ValueTask<int>[1_000];
        var source = new ManualSource();
        void Once()
        {
            for (var i = 0; i < calls.Length; i++)
            {
                calls[i] = WaitAsync(source);
            }

            source.Release();
            for (var i = 0; i < calls.Length; i++)
            {
                Assert.True(calls[i].Result == 1);
            }
        }

        // The queue of boxes grows by segments and settles; 100 rounds of 1,000 calls may cost a segment or two.
        Assert.InRange(Allocations.Of(Once), 0, 100_000);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private static async ValueTask<int> AddAsync(Task gate, int value)
    {
        await gate;
        return value + 1;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    private static async ValueTask FailAsync(Task gate)
    {
        await gate;
        throw new FormatException();
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private static async ValueTask<int> DepthAsync(int depth)
    {
        await Task.Yield();
        return depth == 0 ? 0 : 1 + await DepthAsync(depth - 1);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private static async ValueTask<(int Before, int After)> ReadAndChangeLocalAsync(Task gate)
    {
        await gate.ConfigureAwait(false);
        var before = Local.Value;
        Local.Value = 8;
        await Task.Yield();
        return (before, Local.Value);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private static async ValueTask<int> WaitAsync(ManualSource source)
    {
        await source;
        return 1;
    }

    /// <summary>Something to await that allocates nothing itself.</summary>
    private sealed class ManualSource : ICriticalNotifyCompletion
    {
        private readonly Action[] _waiting = new Action[1_000];
        private int _count;

        public bool IsCompleted => false;

        public ManualSource GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => _waiting[_count++] = continuation;

        public void Release()
        {
            var count = _count;
            _count = 0;
            for (var i = 0; i < count; i++)
            {
                _waiting[i]();
            }
        }
    }
}
