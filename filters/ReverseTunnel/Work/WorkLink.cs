using System.IO.Pipelines;
using System.Threading.Channels;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>
/// The work connections of an agent to one server. So many are kept idle: one that gets a stream goes to the listener, and another is dialled
/// at once.
/// </summary>
internal sealed class WorkLink
{
    private readonly TunnelSource _source;
    private readonly ServerLink _server;
    private readonly ChannelWriter<ConnectionContext> _ready;
    private readonly CancellationToken _stop;
    private readonly Task _keeping;
    private int _idle;

    public WorkLink(TunnelSource source, ServerLink server, ChannelWriter<ConnectionContext> ready, CancellationToken stop)
    {
        (_source, _server, _ready, _stop) = (source, server, ready, stop);
        _keeping = Task.WhenAll(Enumerable.Range(0, source.Options.WorkConnections).Select(_ => KeepAsync()));
    }

    /// <summary>Those that wait for a stream.</summary>
    public int Idle => Volatile.Read(ref _idle);

    /// <summary>Completes when none waits any more, after what was to stop them has.</summary>
    public Task Ended => _keeping;

    private async Task KeepAsync()
    {
        var backoff = new Backoff(_source.Options.MaxBackoff, _source.Options.MaxRefusedBackoff, Random.Shared.NextDouble);
        try
        {
            await _server.Welcomed.WaitAsync(_stop);
            while (true)
            {
                var (connection, reply) = await _server.DialAsync(TunnelKind.Work);
                if (connection is not null && await WaitAsync(connection, reply.Welcome!))
                {
                    backoff.AfterService();
                    continue;
                }

                var wait = connection is not null || reply.Status == 0 ? backoff.AfterFailure() : backoff.AfterRefusal(reply.RetryAfter);
                await Task.Delay(wait, _source.Context.Time, _stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The listener has stopped.
        }
    }

    /// <summary>Waits until a connection has a stream. False where it has ended without one.</summary>
    private async Task<bool> WaitAsync(ConnectionContext connection, TunnelWelcome welcome)
    {
        Interlocked.Increment(ref _idle);
        string? ask = null;
        try
        {
            ask = await AskAsync(connection.Transport, welcome);
        }
        finally
        {
            Interlocked.Decrement(ref _idle);
            if (ask is null)
            {
                await connection.DisposeAsync();
            }
        }

        if (ask is null)
        {
            return false;
        }

        connection.Features.Set<IConnectionService>(new WorkService(ask, _source.Run));
        if (!_ready.TryWrite(connection))
        {
            await connection.DisposeAsync();
        }

        return true;
    }

    /// <summary>What the server asks for, once it does; null where it has left. Until then each side lets the other know that it is there.</summary>
    private async Task<string?> AskAsync(IDuplexPipe transport, TunnelWelcome welcome)
    {
        var patience = IdleSigns.PatienceOf(welcome);
        using var silence = new CancellationTokenSource(patience, _source.Context.Time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, _stop);
        var signs = SignAsync(transport.Output, welcome.PingInterval, over.Token);
        try
        {
            return await IdleSigns.WaitAsync(transport.Input, Heard, over.Token) ? await WorkLine.ReadAsync(transport.Input, over.Token) : null;
        }
        catch (Exception e) when (IsGone(e))
        {
            return null;
        }
        finally
        {
            // Whoever answers the server has the connection to himself.
            await over.CancelAsync();
            await signs;
        }

        ValueTask Heard()
        {
            silence.CancelAfter(patience);
            return default;
        }
    }

    private async Task SignAsync(PipeWriter output, TimeSpan interval, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval, _source.Context.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await output.WriteAsync(IdleSigns.One, CancellationToken.None);
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            // Whoever reads will see it.
        }
    }

    private static bool IsGone(Exception e) => e is IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException;
}
