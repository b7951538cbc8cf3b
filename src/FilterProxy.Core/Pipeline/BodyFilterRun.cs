using System.Buffers;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// The body filters of one message: those that asked for it, in order, each writing what the next one sees. Reused by its
/// exchange; empty for most messages.
/// </summary>
internal sealed class BodyFilterRun(ProxyExchange exchange) : ILoopWork
{
    private (BodyStep Step, BodyUse Use)[] _steps = [];
    private int _count;
    private List<BodyBuffer>? _outputs;

    /// <summary>Whether any filter wants the body.</summary>
    public bool IsActive => _count > 0;

    /// <summary>The filter being called now, to blame for an exception. The two directions run at the same time.</summary>
    public string? Current { get; private set; }

    object ILoopWork.Owner => exchange.Services;

    string? ILoopWork.Filter => Current;

    /// <summary>The filter that said stop.</summary>
    public string StoppedBy { get; private set; } = "";

    /// <summary>Whether any filter changes it: its length is no longer known.</summary>
    public bool Transforms { get; private set; }

    /// <summary>Asks each filter once, after the head of the message.</summary>
    public void Begin(BodyStep[] steps)
    {
        Clear();
        Transforms = false;
        EventLoop.Note(exchange);
        foreach (var step in steps)
        {
            exchange.CurrentFilter = step.Name;
            var use = step.Request?.UseRequestBody(exchange) ?? step.Response!.UseResponseBody(exchange);
            if (use != BodyUse.None)
            {
                if (_count == _steps.Length)
                {
                    Array.Resize(ref _steps, steps.Length);
                }

                _steps[_count++] = (step, use);
                Transforms |= use == BodyUse.Transform;
            }
        }

        exchange.CurrentFilter = null;
    }

    /// <summary>Passes one piece through; the result is valid until the next call. Null when a filter said stop.</summary>
    public async ValueTask<ReadOnlySequence<byte>?> RunAsync(ReadOnlySequence<byte> data, bool end)
    {
        for (var i = 0; i < _count; i++)
        {
            var (step, use) = _steps[i];
            var output = use == BodyUse.Transform ? OutputOf(i) : null;
            var loop = EventLoop.Current;
            if (step.Blocking)
            {
                await Hop.OffLoop();
            }

            FilterStatus status;
            try
            {
                Current = step.Name;
                EventLoop.Note(this);
                var call = step.Request is not null
                    ? step.Request.OnRequestBodyAsync(exchange, data, end, output)
                    : step.Response!.OnResponseBodyAsync(exchange, data, end, output);
                EventLoop.LeaveUnless(call.IsCompleted);
                status = await call;
            }
            finally
            {
                // The two directions may run on two loops: back to the one this direction came from.
                await Hop.BackTo(loop);
            }

            Current = null;
            if (status == FilterStatus.Stop)
            {
                StoppedBy = step.Name;
                return null;
            }

            data = output?.Written ?? data;
        }

        return data;
    }

    public void Reset()
    {
        if (_count == 0 && _outputs is null)
        {
            // Nobody wanted the body, as nearly always.
            return;
        }

        Current = null;
        Transforms = false;
        Clear();
        _outputs?.ForEach(static output => output.Reset());
    }

    private void Clear()
    {
        Array.Clear(_steps, 0, _count);
        _count = 0;
    }

    private BodyBuffer OutputOf(int index)
    {
        _outputs ??= [];
        while (_outputs.Count <= index)
        {
            _outputs.Add(new BodyBuffer());
        }

        _outputs[index].Reset();
        return _outputs[index];
    }
}
