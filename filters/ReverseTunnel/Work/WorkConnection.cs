using System.Net;
using FilterProxy.Filters.ReverseTunnel.Access;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>A connection of an agent that is for one byte stream, or for requests, at the server: idle until it is given to one of them, and over with that.</summary>
internal sealed class WorkConnection(ConnectionContext connection, TunnelAdmission admission, TimeProvider time)
{
    private const int Idle = 0, Taken = 1, Over = 2;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource<bool> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    /// <summary>Waits for a stream and serves it.</summary>
    /// <param name="stop">Ends it as long as it is idle.</param>
    /// <returns>Whether it had one.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        await using var revoked = admission.Revoked.UnsafeRegister(static work => ((WorkConnection)work!).Abort(), this);
        var isThere = false;
        try
        {
            isThere = await WaitAsync(stop) && Volatile.Read(ref _state) == Taken;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // The agent has left, or was silent for too long.
        }

        var wasTaken = Interlocked.Exchange(ref _state, Over) == Taken;
        _answered.TrySetResult(isThere);
        if (isThere)
        {
            await _ended.Task;
        }

        return wasTaken;
    }

    /// <summary>Takes it for a stream; false where it is taken, or gone.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Idle) == Idle;

    /// <summary>Asks the agent, after <see cref="TryTake"/>.</summary>
    /// <returns>Its answer; null where the connection turns out to be gone.</returns>
    public async ValueTask<string?> AskAsync(WorkAsk ask, CancellationToken cancel)
    {
        try
        {
            await WriteAsync(WorkLine.Ask(ask), isSign: false, cancel);
            return await _answered.Task.WaitAsync(cancel) ? await WorkLine.ReadAsync(connection.Transport.Input, cancel) : null;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>The stream, after the agent has agreed. It ends the connection when it is disposed.</summary>
    public ConnectionContext OpenStream(EndPoint remote) => new WorkStream(connection, End) { RemoteEndPoint = remote };

    /// <summary>Closes it.</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Resets it.</summary>
    public void Abort()
    {
        connection.Abort();
        End();
    }

    private async Task<bool> WaitAsync(CancellationToken stop)
    {
        var patience = IdleSigns.PatienceOf(admission.Welcome);
        using var silence = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, stop);
        try
        {
            return await IdleSigns.WaitAsync(connection.Transport.Input, () => AnswerAsync(silence, patience), both.Token);
        }
        catch (OperationCanceledException) when (Interlocked.CompareExchange(ref _state, Over, Idle) == Taken)
        {
            // In that very moment: whoever has taken it knows how long to wait.
            return await IdleSigns.WaitAsync(connection.Transport.Input, static () => default, CancellationToken.None);
        }
    }

    private ValueTask AnswerAsync(CancellationTokenSource silence, TimeSpan patience)
    {
        silence.CancelAfter(patience);
        return WriteAsync(IdleSigns.One, isSign: true, CancellationToken.None);
    }

    // A sign that came behind what the agent is asked would be the first byte of a stream: whoever has the turn to write looks again.
    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, bool isSign, CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        try
        {
            if (!isSign || Volatile.Read(ref _state) == Idle)
            {
                await connection.Transport.Output.WriteAsync(bytes, cancel);
            }
        }
        finally
        {
            _writing.Release();
        }
    }
}
