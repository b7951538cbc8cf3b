using System.Buffers;
using System.IO.Pipelines;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Downstream;

/// <summary>How a connection ends that Kestrel's engine has served.</summary>
public sealed class KestrelTransportTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Heartbeat _heartbeat;
    private readonly Connection _connection = new();
    private readonly KestrelTransport _transport;

    public KestrelTransportTests()
    {
        _heartbeat = new Heartbeat(_time);
        _transport = new KestrelTransport(_connection, null, _heartbeat, 60_000, 0, () => { });
    }

    public void Dispose() => _heartbeat.Dispose();

    [Fact]
    public async Task The_end_follows_the_last_word()
    {
        await _transport.Output.WriteAsync("GOAWAY"u8.ToArray());

        var ending = _transport.EndAsync(_time);

        Assert.Equal("GOAWAY", await ReadToEndAsync(_connection.ToClient.Reader));
        _connection.FromClient.Writer.Complete();
        await ending.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_client_that_still_sends_is_heard_to_its_end()
    {
        await _transport.Input.CompleteAsync();
        var ending = _transport.EndAsync(_time);

        var heard = await _connection.FromClient.Writer.WriteAsync(new byte[100_000]);

        Assert.False(heard.IsCompleted);
        Assert.False(ending.IsCompleted);
        _connection.FromClient.Writer.Complete();
        await ending.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True((await _connection.FromClient.Writer.FlushAsync()).IsCompleted);
    }

    [Fact]
    public async Task A_client_that_stays_is_left()
    {
        var ending = _transport.EndAsync(_time);
        await ReadToEndAsync(_connection.ToClient.Reader);

        _time.Advance(LastWord.LingerTime);

        await ending.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_cancelled_read_of_the_engine_does_not_end_the_wait()
    {
        _transport.Input.CancelPendingRead();

        var ending = _transport.EndAsync(_time);
        await ReadToEndAsync(_connection.ToClient.Reader);

        Assert.False((await _connection.FromClient.Writer.WriteAsync(new byte[1])).IsCompleted);
        Assert.False(ending.IsCompleted);
        _connection.FromClient.Writer.Complete();
        await ending.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_client_that_has_left_is_not_waited_for()
    {
        await _connection.ToClient.Reader.CompleteAsync();
        _connection.FromClient.Writer.Complete(new IOException("reset"));

        await _transport.EndAsync(_time).WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static async Task<string> ReadToEndAsync(PipeReader reader)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            var read = await reader.ReadAsync(limit.Token);
            if (read.IsCompleted)
            {
                return System.Text.Encoding.ASCII.GetString(read.Buffer.ToArray());
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private sealed class Connection : IDuplexPipe, IHalfClose
    {
        public Pipe FromClient { get; } = new();

        public Pipe ToClient { get; } = new();

        public PipeReader Input => FromClient.Reader;

        public PipeWriter Output => ToClient.Writer;

        public ValueTask EndOutputAsync() => Output.CompleteAsync();
    }
}
