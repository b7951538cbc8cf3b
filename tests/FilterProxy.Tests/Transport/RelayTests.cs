using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class RelayTests
{
    private readonly Side _client = new();
    private readonly Side _upstream = new();
    private int _progress;
    private int _aborts;

    [Fact]
    public async Task Bytes_go_both_ways_and_are_counted()
    {
        var relay = RunAsync();
        await _client.SendAsync("hello");
        Assert.Equal("hello", await _upstream.ReceiveAsync(5));
        await _upstream.SendAsync("good day");
        Assert.Equal("good day", await _client.ReceiveAsync(8));

        await _client.EndAsync();
        await _upstream.EndAsync();

        Assert.Equal(new RelayResult(5, 8, true), await relay.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(_progress >= 2);
        Assert.Equal(0, _aborts);
    }

    [Fact]
    public async Task The_clients_end_is_passed_on_while_the_upstream_goes_on_sending()
    {
        var relay = RunAsync();
        await _client.EndAsync();
        Assert.True((await _upstream.Received.ReadAsync()).IsCompleted);

        await _upstream.SendAsync("the rest");
        Assert.Equal("the rest", await _client.ReceiveAsync(8));
        Assert.False(relay.IsCompleted);

        await _upstream.EndAsync();
        await relay.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_side_that_breaks_ends_both()
    {
        var relay = RunAsync();
        await _upstream.BreakAsync(new IOException("reset"));

        await relay.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(_aborts >= 1);
    }

    [Fact]
    public async Task A_client_whose_input_ends_with_its_output_has_not_left()
    {
        var relay = RunAsync();
        _client.OnOutputEnded = () => _client.BreakAsync(new ConnectionAbortedException("The output has ended."));
        await _upstream.SendAsync("the last");
        await _upstream.EndAsync();

        await relay.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("the last", await _client.ReceiveAsync(8));
        Assert.Equal(0, _aborts);
    }

    [Fact]
    public async Task What_an_upstream_that_takes_no_more_has_sent_is_passed_on()
    {
        var relay = RunAsync();
        await _upstream.Received.CompleteAsync();
        await _client.SendAsync("more");
        await _upstream.SendAsync("good-bye");
        Assert.Equal("good-bye", await _client.ReceiveAsync(8));
        await _upstream.EndAsync();

        await relay.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, _aborts);
    }

    [Fact]
    public async Task A_client_that_takes_no_more_ends_both()
    {
        var relay = RunAsync();
        await _client.Received.CompleteAsync();
        await _upstream.SendAsync("anyone?");

        await relay.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(_aborts >= 1);
    }

    [Fact]
    public async Task A_transfer_that_never_waits_lets_others_of_its_loop_have_their_turn()
    {
        await RuntimeLoop.StartAsync();
        EventLoop loop = RuntimeLoop.Next() ?? throw new InvalidOperationException("These tests run with inline completions: see tests.runsettings.");
        var sides = (Near: new EndlessPipe(), Far: new EndlessPipe());
        var relay = new TaskCompletionSource<Task<RelayResult>>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Schedule(
            _ =>
            {
                loop.Schedule(
                    _ =>
                    {
                        sides.Near.Stop();
                        sides.Far.Stop();
                    },
                    null);
                relay.SetResult(Relay.RunAsync(sides.Near, sides.Far, static () => { }, static () => { }));
            },
            null);

        await (await relay.Task.WaitAsync(TimeSpan.FromSeconds(10))).WaitAsync(TimeSpan.FromSeconds(10));
    }

    private Task<RelayResult> RunAsync() => Relay.RunAsync(
        _client.Proxy,
        _upstream.Proxy,
        () => Interlocked.Increment(ref _progress),
        () =>
        {
            Interlocked.Increment(ref _aborts);
            _client.Proxy.Input.CancelPendingRead();
            _upstream.Proxy.Input.CancelPendingRead();
        });

    /// <summary>One connection: the proxy's end, and the far end in the test's hand.</summary>
    private sealed class Side
    {
        private readonly Pipe _toProxy = new();
        private readonly Pipe _fromProxy = new();

        /// <summary>Runs before the proxy's end of its output is done.</summary>
        public Func<Task> OnOutputEnded { get; set; } = () => Task.CompletedTask;

        public IDuplexPipe Proxy => new Duplex(_toProxy.Reader, new EndingWriter(_fromProxy.Writer, () => OnOutputEnded()));

        public PipeReader Received => _fromProxy.Reader;

        public async Task SendAsync(string text) => await _toProxy.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));

        public async Task<string> ReceiveAsync(int length)
        {
            var read = await Received.ReadAtLeastAsync(length).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            var text = Encoding.ASCII.GetString(read.Buffer.ToArray());
            Received.AdvanceTo(read.Buffer.End);
            return text;
        }

        public Task EndAsync() => _toProxy.Writer.CompleteAsync().AsTask();

        public Task BreakAsync(Exception reason) => _toProxy.Writer.CompleteAsync(reason).AsTask();
    }

    private sealed class EndingWriter(PipeWriter writer, Func<Task> onEnded) : PipeWriter
    {
        public override void Advance(int bytes) => writer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => writer.FlushAsync(cancellationToken);

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            await onEnded();
            await writer.CompleteAsync(exception);
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
