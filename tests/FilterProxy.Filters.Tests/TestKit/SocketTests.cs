using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TestKit;

public class SocketTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task Requests_are_answered_one_after_another_on_one_connection()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Target));
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        Assert.Equal("/1", (await client.RoundTripAsync("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Equal("/2", (await client.RoundTripAsync("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Single(upstream.Connections);
        Assert.Equal(2, upstream.Connections[0].RequestCount);
    }

    [Fact]
    public async Task A_request_is_recorded_byte_for_byte()
    {
        await using var upstream = TestUpstream.Start();
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        const string head = "POST /x HTTP/1.1\r\nHost:a\r\nTransfer-Encoding: chunked\r\n\r\n";
        const string body = "3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n";
        await client.SendSlowlyAsync(head + body);
        await client.ReadResponseAsync();
        var request = Assert.Single(upstream.Requests);
        Assert.Equal(head, request.RawHead);
        Assert.Equal(body, System.Text.Encoding.ASCII.GetString(request.RawBody));
        Assert.Equal("abc", request.Text);
        Assert.Equal("1", request.Trailers["t"]);
        Assert.True(request.IsComplete);
    }

    [Fact]
    public async Task A_chunked_answer_waits_at_its_gates()
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(
            _ => UpstreamResponse.BeginChunked().ThenChunk("one").ThenWait(gate.Task).ThenChunk("two").ThenLastChunk(("x-t", "1")));
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        await client.SendAsync(Get);
        var response = client.ReadResponseAsync();
        await Poll.UntilAsync(() => System.Text.Encoding.ASCII.GetString(client.Received).Contains("one", StringComparison.Ordinal));
        Assert.False(response.IsCompleted);
        gate.SetResult();
        Assert.Equal("onetwo", (await response).Text);
        Assert.Equal([3, 3], (await response).Chunks);
        Assert.Equal("1", (await response).Trailers["X-T"]);
    }

    [Fact]
    public async Task A_reset_is_told_from_a_close()
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/reset" ? UpstreamResponse.ResetNow() : UpstreamResponse.CloseNow());
        await using var reset = await RawClient.ConnectAsync(upstream.Port);
        await reset.SendAsync("GET /reset HTTP/1.1\r\n\r\n");
        Assert.True(await reset.IsClosedByPeerAsync());
        Assert.True(reset.WasReset);
        await using var closed = await RawClient.ConnectAsync(upstream.Port);
        await closed.SendAsync("GET /close HTTP/1.1\r\n\r\n");
        Assert.True(await closed.IsClosedByPeerAsync());
        Assert.False(closed.WasReset);
    }

    [Fact]
    public async Task The_client_can_reset_too()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        await client.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);
        client.Reset();
        await upstream.Connections[0].Closed;
        Assert.True(upstream.Connections[0].ResetByPeer);
    }

    [Fact]
    public async Task An_idle_connection_can_be_closed_from_the_upstream()
    {
        await using var upstream = TestUpstream.Start();
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        await client.RoundTripAsync(Get);
        upstream.Connections[0].Close();
        Assert.True(await client.IsClosedByPeerAsync());
        await upstream.Connections[0].Closed;
        Assert.False(upstream.Connections[0].ClosedByPeer);
    }

    [Fact]
    public async Task An_upstream_that_never_answers_sees_the_client_leave()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using (var client = await RawClient.ConnectAsync(upstream.Port))
        {
            await client.SendAsync(Get);
            await upstream.WaitForRequestsAsync(1);
            client.Deadline = TimeSpan.FromMilliseconds(50);
            var failure = await Assert.ThrowsAsync<TimeoutException>(() => client.ReadResponseAsync());
            Assert.Contains("0 bytes", failure.Message, StringComparison.Ordinal);
        }

        await upstream.Connections[0].Closed;
        Assert.True(upstream.Connections[0].ClosedByPeer);
    }

    [Fact]
    public async Task An_answer_at_the_head_may_come_before_the_body()
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Create(413).ThenClose()));
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        Assert.Equal(413, (await client.RoundTripAsync("POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")).Status);
    }

    [Fact]
    public async Task The_body_of_a_request_that_expects_100_is_asked_for()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        Assert.Equal(100, (await client.RoundTripAsync("POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")).Status);
        Assert.Equal("hi", (await client.RoundTripAsync("hi")).Text);
    }

    [Fact]
    public async Task HEAD_is_answered_without_a_body()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("hello"));
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        Assert.Equal("5", (await client.RoundTripAsync("HEAD / HTTP/1.1\r\n\r\n")).Headers["content-length"]);
        Assert.Equal("hello", (await client.RoundTripAsync(Get)).Text);
    }

    [Fact]
    public async Task A_unix_socket_serves_as_well()
    {
        var path = Path.Combine(Path.GetTempPath(), $"up-{Guid.NewGuid():N}.sock");
        await using (var upstream = TestUpstream.StartUnix(path, _ => UpstreamResponse.Ok()))
        {
            await using var client = await RawClient.ConnectAsync(upstream.Address);
            Assert.Equal("ok", (await client.RoundTripAsync(Get)).Text);
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task A_stream_can_be_taken_over_after_an_upgrade()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
            .ThenRun(async stream => await stream.WriteAsync("raw"u8.ToArray())));
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        Assert.Equal(101, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal("raw", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_half_closed_connection_still_gets_its_answer()
    {
        await using var upstream = TestUpstream.Start();
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        await client.SendAsync(Get);
        client.CloseSending();
        Assert.Equal("ok", (await client.ReadResponseAsync()).Text);
        Assert.Equal("", await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("HTTP/1.1 200\r\n\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\n\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nBad Name: 1\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("")]
    public async Task The_client_refuses_malformed_responses(string bytes)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw(bytes).ThenClose());
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        await Assert.ThrowsAsync<RawFormatException>(() => client.RoundTripAsync(Get));
    }

    [Fact]
    public async Task A_failing_handler_answers_500_and_is_kept_for_the_test()
    {
        await using var upstream = TestUpstream.Start((Func<UpstreamRequest, UpstreamResponse>)(_ => throw new InvalidOperationException("boom")));
        await using var client = await RawClient.ConnectAsync(upstream.Port);
        Assert.Equal(500, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal("boom", Assert.Single(upstream.Failures).Message);
    }

    [Fact]
    public async Task A_condition_that_never_holds_is_named()
    {
        var never = false;
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => Poll.UntilAsync(() => never, TimeSpan.FromMilliseconds(20)));
        Assert.Contains("never", failure.Message, StringComparison.Ordinal);
    }
}
