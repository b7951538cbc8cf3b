using System.IO.Pipelines;
using System.Net.Security;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>The plain text of a connection with TLS.</summary>
internal sealed class TlsPipe : IDuplexPipe, IHalfClose
{
    // A TLS record holds 16 KiB at the most: smaller buffers would make more records, and system calls, of the same bytes.
    private const int BufferSize = 16 * 1024;
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(1);
    private readonly ConnectionContext _connection;
    private readonly SslStream _stream;
    private readonly TimeProvider _time;

    public TlsPipe(ConnectionContext connection, SslStream stream, TimeProvider time)
    {
        _connection = connection;
        _stream = stream;
        _time = time;

        // Reads of no bytes first: an idle connection holds no buffer.
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferSize, leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Says close_notify and goes on reading (RFC 8446 §6.1).</summary>
    public async ValueTask EndOutputAsync()
    {
        await Output.CompleteAsync();
        await _stream.ShutdownAsync();
    }

    /// <summary>
    /// Says close_notify (RFC 8446 §6.1), by which a client tells an end from a cut, and lets the stream go. The connection stays; one
    /// that was reset is past telling anything.
    /// </summary>
    public async ValueTask EndAsync()
    {
        try
        {
            await Input.CompleteAsync();
            await Output.CompleteAsync();
            var farewell = _stream.ShutdownAsync();
            if (!farewell.IsCompleted)
            {
                await FinishAsync(farewell);
            }
        }
        catch (Exception e) when (StreamRelay.IsBreak(e))
        {
            // The client has left.
        }

        try
        {
            await _stream.DisposeAsync();
        }
        catch (Exception e) when (StreamRelay.IsBreak(e))
        {
            // It has, and the stream flushes before it is gone.
        }
    }

    private async Task FinishAsync(Task farewell)
    {
        try
        {
            await farewell.WaitAsync(FarewellTime, _time);
        }
        catch (TimeoutException)
        {
            _connection.Abort();
            await farewell;
        }
    }
}

/// <summary>The cipher text of a connection, as the stream TLS is done over.</summary>
internal sealed class TransportStream(IDuplexPipe pipe) : DuplexStream(pipe.Input, pipe.Output);
