using FilterProxy.Filters.ReverseTunnel.Direct;
using FilterProxy.Filters.ReverseTunnel.Secret;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>A direct connection beside the relayed stream it was agreed on. The stream stays open and quiet: when the server cuts it, the visit is over, direct or not.</summary>
internal sealed class DirectPath : IAsyncDisposable
{
    // The server ends a stream that carries nothing.
    private static readonly TimeSpan SignInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(2);
    private static readonly byte[] Sign = [0];

    private readonly CancellationTokenSource _stop = new();
    private readonly SecretConnection _relayed;
    private readonly DirectConnection _direct;
    private readonly TimeProvider _time;
    private readonly Task _watching, _signing;

    /// <param name="relayed">Stays the caller's, who disposes it after this.</param>
    /// <param name="direct">This one's from then on.</param>
    /// <param name="isVisitor">Which of the two ends this is: the visitor keeps the stream alive.</param>
    /// <param name="time">The clock.</param>
    public DirectPath(SecretConnection relayed, DirectConnection direct, bool isVisitor, TimeProvider time)
    {
        (_relayed, _direct, _time) = (relayed, direct, time);
        _watching = WatchAsync();
        _signing = isVisitor ? SignAsync() : Task.CompletedTask;
    }

    /// <summary>What bytes take.</summary>
    public ConnectionContext Connection => _direct;

    /// <summary>Ends the connection, and tells the other end that the stream was not cut.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();

        // A read that went on would take what comes on the next stream of the tunnel, which may be made of the same parts.
        await _watching;
        try
        {
            await _signing.WaitAsync(Parting, _time);
            await _relayed.EndOutputAsync().AsTask().WaitAsync(Parting, _time);
        }
        catch (Exception e) when (IsCut(e) || e is TimeoutException)
        {
            // Then there is nobody to tell.
        }

        await _direct.DisposeAsync();
    }

    private static bool IsCut(Exception e) => e is IOException or InvalidOperationException or ObjectDisposedException or OperationCanceledException or ConnectionAbortedException;

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var read = await _relayed.Input.ReadAsync(_stop.Token);
                _relayed.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    // The other end is done; what is still on its way comes directly.
                    return;
                }
            }
        }
        catch (Exception e) when (IsCut(e))
        {
            if (!_stop.IsCancellationRequested)
            {
                _direct.Abort(new ConnectionAbortedException("The visit was cut."));
            }
        }
    }

    private async Task SignAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(SignInterval, _time, _stop.Token);
                await _relayed.Output.WriteAsync(Sign, CancellationToken.None);
            }
        }
        catch (Exception e) when (IsCut(e))
        {
            // It is over, or was cut, which the watch sees.
        }
    }
}
