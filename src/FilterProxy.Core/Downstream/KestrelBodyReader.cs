using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// The body of a request that Kestrel's engine received: its pipe, passed straight through. Asking for the first byte makes Kestrel
/// send 100 (Continue) to a client that waits for it, so with such a client the first read waits until the upstream has agreed.
/// </summary>
internal sealed class KestrelBodyReader : BodyReader
{
    private PipeReader _pipe = null!;
    private IHttpRequestTrailersFeature? _trailers;
    private HeaderMap _trailerMap = null!;
    private TaskCompletionSource? _leave;
    private SequencePosition _consumed;
    private long _max;
    private bool _holding;
    private volatile bool _canceled;

    /// <summary>Bytes read so far.</summary>
    public long Total { get; private set; }

    public bool IsEnded { get; private set; }

    /// <param name="pipe">Kestrel's.</param>
    /// <param name="isEmpty">There is no body.</param>
    /// <param name="max">The most bytes.</param>
    /// <param name="waits">Whether the client waits for leave to send: see <see cref="GiveLeave"/>.</param>
    /// <param name="trailers">Where Kestrel has the trailer fields, if it can have any.</param>
    /// <param name="trailerMap">Where they go.</param>
    public void Begin(PipeReader pipe, bool isEmpty, long max, bool waits, IHttpRequestTrailersFeature? trailers, HeaderMap trailerMap)
    {
        _pipe = pipe;
        _trailers = trailers;
        _trailerMap = trailerMap;
        _max = max;
        _holding = false;
        _canceled = false;
        _leave = waits ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        Total = 0;
        IsEnded = isEmpty;
    }

    /// <summary>The body may be read.</summary>
    public void GiveLeave() => _leave?.TrySetResult();

    /// <summary>Makes a read under way, or the next one, end; from any thread.</summary>
    public void Cancel()
    {
        if (_leave is { Task.IsCompleted: false } leave)
        {
            _canceled = true;
            leave.TrySetResult();
        }
        else if (!IsEnded)
        {
            try
            {
                _pipe.CancelPendingRead();
            }
            catch (Exception e) when (IsOver(e))
            {
                // Kestrel has ended the stream, and the read with it.
            }
        }
    }

    public override ValueTask<BodyRead> ReadAsync()
    {
        if (IsEnded)
        {
            return new ValueTask<BodyRead>(new BodyRead(BodyStatus.End));
        }

        if (_leave is not null)
        {
            return ReadWithLeaveAsync(_leave);
        }

        try
        {
            var reading = _pipe.ReadAsync();
            return reading.IsCompletedSuccessfully ? new ValueTask<BodyRead>(Take(reading.Result)) : FinishAsync(reading);
        }
        catch (Exception e) when (IsOver(e))
        {
            return new ValueTask<BodyRead>(new BodyRead(BodyStatus.Truncated));
        }
    }

    public override void Advance()
    {
        if (_holding)
        {
            _holding = false;
            try
            {
                _pipe.AdvanceTo(_consumed);
            }
            catch (Exception e) when (IsOver(e))
            {
                // The next read says so.
            }
        }
    }

    /// <summary>Drops what the client still sends, until it ends or leaves.</summary>
    /// <exception cref="OperationCanceledException">It takes too long.</exception>
    public async Task DropRestAsync(CancellationToken limit)
    {
        Advance();
        try
        {
            await LastWord.LingerAsync(_pipe, limit);
        }
        catch (Exception e) when (IsOver(e) && !limit.IsCancellationRequested)
        {
            // It has left.
        }
    }

    private async ValueTask<BodyRead> ReadWithLeaveAsync(TaskCompletionSource leave)
    {
        await leave.Task;
        if (_canceled)
        {
            return new BodyRead(BodyStatus.Canceled);
        }

        _leave = null;
        return await ReadAsync();
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<BodyRead> FinishAsync(ValueTask<ReadResult> reading)
    {
        try
        {
            return Take(await reading);
        }
        catch (Exception e) when (IsOver(e))
        {
            return new BodyRead(BodyStatus.Truncated);
        }
    }

    // The client reset the stream or broke its framing, or the connection ended.
    private static bool IsOver(Exception e) => e is IOException or OperationCanceledException or InvalidOperationException;

    private BodyRead Take(in ReadResult result)
    {
        var data = result.Buffer;
        if (result.IsCanceled)
        {
            _pipe.AdvanceTo(data.Start);
            return new BodyRead(BodyStatus.Canceled);
        }

        Total += data.Length;
        if (Total > _max)
        {
            _pipe.AdvanceTo(data.End);
            return new BodyRead(BodyStatus.TooLarge);
        }

        if (result.IsCompleted && !TakeTrailers())
        {
            _pipe.AdvanceTo(data.End);
            return new BodyRead(BodyStatus.Malformed);
        }

        IsEnded = result.IsCompleted;
        _consumed = data.End;
        _holding = true;
        return new BodyRead(IsEnded ? BodyStatus.End : BodyStatus.Data, data);
    }

    // The rules for trailers are those of HTTP/1 (RFC 9110 §6.5.1): what must not stand there is an attack or is left out.
    private bool TakeTrailers()
    {
        if (_trailers is not { Available: true, Trailers.Count: > 0 } trailers)
        {
            return true;
        }

        foreach (var (name, values) in trailers.Trailers)
        {
            foreach (var value in values)
            {
                if (!KestrelHead.TryAddTrailer(_trailerMap, name, value ?? ""))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
