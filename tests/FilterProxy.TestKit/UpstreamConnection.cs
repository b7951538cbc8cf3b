using System.Net.Sockets;

namespace FilterProxy.TestKit;

/// <summary>One connection a <see cref="TestUpstream"/> accepted.</summary>
public sealed class UpstreamConnection
{
    private readonly Socket _socket;
    private readonly RawReader _reader;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NetworkStream _stream;
    private volatile bool _closedHere;

    internal UpstreamConnection(int id, Socket socket)
    {
        Id = id;
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new RawReader(_stream);
    }

    /// <summary>From 1, in the order of acceptance.</summary>
    public int Id { get; }

    /// <summary>How many requests came on it.</summary>
    public int RequestCount { get; private set; }

    /// <summary>Whether the peer closed or reset it, rather than this side.</summary>
    public bool ClosedByPeer { get; private set; }

    /// <summary>Whether it was a reset.</summary>
    public bool ResetByPeer => _reader.WasReset && !_closedHere;

    /// <summary>Completes when the connection is over, whoever ended it.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Closes it from this side, e.g. while it idles in the peer's pool.</summary>
    public void Close()
    {
        _closedHere = true;
        _stream.Dispose();
    }

    /// <summary>Resets it from this side.</summary>
    public void Reset()
    {
        _closedHere = true;
        // The stream's own Dispose would shut down first, which sends FIN.
        _socket.Close(0);
        _stream.Dispose();
    }

    internal async Task RunAsync(TestUpstream upstream, CancellationToken stop)
    {
        try
        {
            var reader = new UpstreamRequestReader(_stream, _reader, stop);
            while (await reader.ReadHeadAsync(this) is { } request)
            {
                RequestCount++;
                upstream.Add(request);
                if (!upstream.AnswersAtHead)
                {
                    await request.ReadBodyAsync();
                }

                if (!await PlayAsync(await upstream.AnswerAsync(request), request, reader, stop))
                {
                    return;
                }

                await request.DrainAsync();
                if (request.Headers.Values("connection").Any(v => v.Contains("close", StringComparison.OrdinalIgnoreCase)))
                {
                    return;
                }
            }

            ClosedByPeer = !_closedHere;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // A write to a peer that left, our own Close or Reset, or the end of the test.
            ClosedByPeer = e is IOException && !_closedHere;
        }
        finally
        {
            await _stream.DisposeAsync();
            _closed.TrySetResult();
        }
    }

    private async Task<bool> PlayAsync(UpstreamResponse response, UpstreamRequest request, UpstreamRequestReader reader, CancellationToken stop)
    {
        foreach (var step in response.Steps)
        {
            switch (step.Kind)
            {
                case UpstreamResponse.StepKind.Send:
                    await reader.SendAsync(step.Bytes);
                    break;
                case UpstreamResponse.StepKind.SendBody when request.Method != "HEAD":
                    await reader.SendAsync(step.Bytes);
                    break;
                case UpstreamResponse.StepKind.Wait:
                    await step.Run!(_stream).WaitAsync(stop);
                    break;
                case UpstreamResponse.StepKind.Run:
                    await step.Run!(_stream).WaitAsync(stop);
                    break;
                case UpstreamResponse.StepKind.Hang:
                    await reader.ReadToCloseAsync();
                    ClosedByPeer = !_closedHere;
                    return false;
                case UpstreamResponse.StepKind.Close:
                    return false;
                case UpstreamResponse.StepKind.Reset:
                    Reset();
                    return false;
                default:
                    break;
            }
        }

        return true;
    }
}
