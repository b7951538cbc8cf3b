using System.IO.Pipelines;
using System.Net;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Work;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Work;

/// <summary>What is said on a work connection before it carries a stream.</summary>
public sealed class WorkLineTests
{
    private readonly Pipe _pipe = new();
    private int _heard;

    [Fact]
    public async Task What_is_asked_for_is_read_and_what_follows_stays()
    {
        await WriteAsync([.. WorkLine.Ask(new WorkAsk("db-1", new IPEndPoint(IPAddress.Parse("2001:db8::1"), 5), new IPEndPoint(IPAddress.Parse("192.0.2.1"), 6))), .. "rest"u8]);

        var line = await WorkLine.ReadAsync(_pipe.Reader, default);

        Assert.Equal(new WorkAsk("db-1", new IPEndPoint(IPAddress.Parse("2001:db8::1"), 5), new IPEndPoint(IPAddress.Parse("192.0.2.1"), 6)), WorkLine.ReadAsk(line!));
        Assert.True(_pipe.Reader.TryRead(out var rest));
        Assert.Equal("rest", Encoding.ASCII.GetString(rest.Buffer.FirstSpan));
    }

    [Fact]
    public void A_client_need_not_have_an_address() => Assert.Equal(new WorkAsk("db"), WorkLine.ReadAsk(Encoding.ASCII.GetString(WorkLine.Ask(new WorkAsk("db"))).TrimEnd('\n')));

    [Fact]
    public void Requests_name_no_service_and_no_client()
    {
        Assert.Equal("http - - -\n", Encoding.ASCII.GetString(WorkLine.Ask(WorkAsk.Requests)));
        Assert.Equal(WorkAsk.Requests, WorkLine.ReadAsk("http - - -"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tcp")]
    [InlineData("tcp  - -")]
    [InlineData("udp db - -")]
    [InlineData("tcp db -")]
    [InlineData("tcp db - - more")]
    [InlineData("http")]
    [InlineData("http - -")]
    [InlineData("http db - -")]
    [InlineData("http - 192.0.2.1:5 -")]
    [InlineData("http - - - ")]
    [InlineData(" http - - -")]
    [InlineData("http - - -\r")]
    [InlineData("HTTP - - -")]
    [InlineData("GET / HTTP/1.1")]
    public void Anything_else_asks_for_nothing(string line) => Assert.Null(WorkLine.ReadAsk(line));

    [Fact]
    public async Task A_refusal_has_its_reason()
    {
        await WriteAsync(WorkLine.Answer("tunnel_unknown_service"));

        Assert.Equal("tunnel_unknown_service", WorkLine.ReadRefusal((await WorkLine.ReadAsync(_pipe.Reader, default))!));
    }

    [Fact]
    public async Task A_line_without_end_is_none()
    {
        await WriteAsync(Encoding.ASCII.GetBytes(new string('a', 2000)));

        Assert.Null(await WorkLine.ReadAsync(_pipe.Reader, default));
    }

    [Fact]
    public async Task A_peer_that_leaves_has_said_nothing()
    {
        await WriteAsync("tcp d"u8.ToArray());
        await _pipe.Writer.CompleteAsync();

        Assert.Null(await WorkLine.ReadAsync(_pipe.Reader, default));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(5000, 3)]
    public async Task Signs_of_life_are_heard_until_something_else_comes(int zeros, int pieces)
    {
        var waiting = WaitAsync();
        for (var i = 0; i < pieces && zeros > 0; i++)
        {
            await WriteAsync(new byte[zeros]);
            await Poll.UntilAsync(() => _heard > i);
        }

        await WriteAsync([0, 0, .. "ok\n"u8]);

        Assert.True(await waiting);
        Assert.Equal("ok", await WorkLine.ReadAsync(_pipe.Reader, default));
    }

    [Fact]
    public async Task The_end_of_an_idle_connection_is_no_stream()
    {
        await WriteAsync(new byte[3]);
        await _pipe.Writer.CompleteAsync();

        Assert.False(await WaitAsync());
    }

    private async Task<bool> WaitAsync() => await IdleSigns.WaitAsync(
        _pipe.Reader,
        () =>
        {
            Interlocked.Increment(ref _heard);
            return default;
        },
        default);

    private async Task WriteAsync(byte[] bytes) => await _pipe.Writer.WriteAsync(bytes);
}
