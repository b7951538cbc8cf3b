using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class BadResponseTests : Scenario
{
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static readonly Dictionary<string, string> BadHeads = new()
    {
        ["status line"] = "nonsense\r\n\r\n",
        ["status code"] = "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        ["status of letters"] = "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
        ["status 099"] = "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
        ["status 600"] = "HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n",
        ["no version"] = "200 OK\r\nContent-Length: 0\r\n\r\n",
        ["HTTP/2 in the line"] = "HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
        ["HTTP/2 settings frame"] = "\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d\0\x04\0\x01\0\0\0\x05\0\0\x40\0",
        ["HTTP/2 preface"] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ["TLS alert"] = "\x15\x03\x03\0\x02\x02\x0a\r\n\r\n",
        ["length and chunked"] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["two lengths"] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        ["signed length"] = "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        ["unknown coding"] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        ["chunked twice"] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        ["chunked in 1.0"] = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["chunked 204"] = "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["chunked 103"] = "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["bare LF in fields"] = "HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n",
        ["bare LF after the line"] = "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        ["bare CR in a value"] = "HTTP/1.1 200 OK\r\nX: y\rz\r\nContent-Length: 0\r\n\r\n",
        ["NUL in a value"] = "HTTP/1.1 200 OK\r\nX: y\0z\r\nContent-Length: 0\r\n\r\n",
        ["folded field"] = "HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n",
        ["space before colon"] = "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        ["no colon"] = "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n",
        ["too large"] = "HTTP/1.1 200 OK\r\nX: " + new string('y', 70_000) + "\r\nContent-Length: 0\r\n\r\n",
        ["close in the line"] = "HTTP/1.1 20",
        ["close in the fields"] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        ["close at once"] = "",
    };

    private static readonly Dictionary<string, string> BadBodies = new()
    {
        ["length cut short"] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        ["length without body"] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        ["cut in a chunk"] = Chunked + "a\r\nhello",
        ["cut between chunks"] = Chunked + "5\r\nhello\r\n",
        ["cut before the last CRLF"] = Chunked + "5\r\nhello\r\n0\r\n",
        ["chunk size not hex"] = Chunked + "5\r\nhello\r\nzz\r\n\r\n",
        ["chunk too long"] = Chunked + "5\r\nhello!\r\n0\r\n\r\n",
        ["chunk size overflow"] = Chunked + "5\r\nhello\r\nfffffffffffffffff\r\n\r\n",
        ["bare LF after a size"] = Chunked + "5\r\nhello\r\n1\nx\r\n0\r\n\r\n",
        ["bad trailer"] = Chunked + "5\r\nhello\r\n0\r\nnonsense\r\n\r\n",
    };

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_bad_head_is_502_and_its_connection_is_not_used_again(TestTransport transport)
    {
        foreach (var (name, bad) in BadHeads)
        {
            await using var upstream = TestUpstream.Start(r => r.Target == "/bad" ? Play(bad) : UpstreamResponse.Ok());
            await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
            await using var client = await proxy.ConnectAsync();

            Assert.Equal("ok", (await client.RoundTripAsync(Get)).Text);
            var response = await client.RoundTripAsync("POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            Assert.True(response.Status == 502, $"{name}: {response.Status}");
            Assert.Equal("ok", (await client.RoundTripAsync(Get)).Text);

            Assert.True(upstream.Requests[^1].Connection.Id > upstream.Requests[1].Connection.Id, name);
        }

        // A head that is cut needs the end of the connection; the others are refused while it is open.
        static UpstreamResponse Play(string bad) =>
            bad.EndsWith("\r\n\r\n", StringComparison.Ordinal) || bad.StartsWith('\0') || bad.EndsWith("hello", StringComparison.Ordinal)
                ? UpstreamResponse.Raw(bad).ThenHang()
                : UpstreamResponse.Raw(bad).ThenClose();
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_bad_body_never_looks_complete_and_its_connection_is_not_used_again(TestTransport transport)
    {
        foreach (var (name, bad) in BadBodies)
        {
            await using var upstream = TestUpstream.Start(r => r.Target == "/bad" ? UpstreamResponse.Raw(bad).ThenClose() : UpstreamResponse.Ok());
            await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
            await using var client = await proxy.ConnectAsync();
            await using var old = await proxy.ConnectAsync();

            Assert.Equal("ok", (await client.RoundTripAsync(Get)).Text);
            await client.SendAsync("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
            await AssertCutAsync(client, name);
            if (bad.StartsWith(Chunked, StringComparison.Ordinal) && transport == TestTransport.Sockets)
            {
                // Only a reset tells an HTTP/1.0 client, whose body ends with the connection.
                await old.SendAsync("GET /bad HTTP/1.0\r\nHost: a\r\n\r\n");
                await AssertCutAsync(old, $"{name} to HTTP/1.0");
            }

            Assert.Equal("ok", (await proxy.SendAsync(Get)).Text);
            Assert.True(upstream.Requests[^1].Connection.Id > upstream.Requests[1].Connection.Id, name);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokgarbage")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\npoison")]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")]
    public async Task Bytes_behind_a_response_reach_nobody(string bytes)
    {
        foreach (var transport in TestTransports.All)
        {
            await using var upstream = TestUpstream.Start(r => r.Target == "/bad" ? UpstreamResponse.Raw(bytes) : UpstreamResponse.Ok("clean"));
            await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
            await using var client = await proxy.ConnectAsync();

            var first = await client.RoundTripAsync("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Contains(first.Text, new[] { "ok", "" });
            Assert.Equal("clean", (await client.RoundTripAsync(Get)).Text);

            Assert.Equal(2, upstream.Connections.Count);
            Assert.DoesNotContain("poison", Encoding.ASCII.GetString(client.Received), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Bytes_behind_a_response_do_not_reach_a_request_that_waits_for_the_connection(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(r => r.Target == "/bad"
            ? UpstreamResponse.After(gate.Task).ThenSend("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            : UpstreamResponse.Ok("clean"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{}", "pool: { max: 1 }");
        await using var first = await proxy.ConnectAsync();
        await using var second = await proxy.ConnectAsync();

        await first.SendAsync("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);
        await second.SendAsync(Get);
        await Poll.UntilAsync(() => proxy.OpenConnections == 2);
        gate.SetResult();

        Assert.Equal("ok", (await first.ReadResponseAsync()).Text);
        Assert.Equal("clean", (await second.ReadResponseAsync()).Text);
        Assert.Equal(2, upstream.Connections.Count);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Bytes_that_come_while_a_connection_idles_end_it(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(r => r.Target == "/bad"
            ? UpstreamResponse.Ok().ThenWait(gate.Task).ThenSend("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            : UpstreamResponse.Ok("clean"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        Assert.Equal("ok", (await proxy.SendAsync("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        gate.SetResult();
        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal("clean", (await proxy.SendAsync(Get)).Text);
        Assert.Equal(2, upstream.Connections.Count);
    }

    private static async Task AssertCutAsync(RawClient client, string name)
    {
        // Either the whole response is refused, which is clean, or what came of it must read as incomplete.
        RawResponse? response = null;
        try
        {
            response = await client.ReadResponseAsync();
        }
        catch (RawFormatException)
        {
            return;
        }

        Assert.True(response.Status == 502, $"{name}: passed for a complete {response.Status} with '{response.Text}'");
    }
}
