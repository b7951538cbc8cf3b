using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Tests.Pipeline.ScriptedProxy;

namespace FilterProxy.Tests.Pipeline;

public sealed class BodyFilterTests
{
    [Fact]
    public async Task A_transformed_response_loses_its_length_and_its_strong_etag()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("ok", ("ETag", "\"v1\"")));
        var script = new Script { UseResponseBody = _ => BodyUse.Transform, ResponseBody = (_, data, end, output) => BodyPieces.Append(data, end, output!, "!") };
        await using var proxy = await StartAsync(upstream, script);

        var response = await proxy.SendAsync(Get);

        Assert.Equal("ok!", response.Text);
        Assert.False(response.Headers.Contains("content-length"));
        Assert.Equal("chunked", response.Headers["transfer-encoding"]);
        Assert.Equal("W/\"v1\"", response.Headers["etag"]);
    }

    [Fact]
    public async Task A_response_behind_a_transformed_one_keeps_its_length_and_etag()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("ok", ("ETag", "\"v1\"")));
        var script = new Script { UseResponseBody = _ => BodyUse.Transform, ResponseBody = (_, data, end, output) => BodyPieces.Append(data, end, output!, "!") };
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes:
              - { name: changed, match: { path: /changed }, cluster: origin, filters: [ { scripted/a: { script: "{{script.Id}}" } } ] }
              - { name: all, cluster: origin }
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            TestTransport.Memory,
            typeof(ScriptedFilter));
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("ok!", (await client.RoundTripAsync("GET /changed HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        var response = await client.RoundTripAsync(Get);
        Assert.Equal(("ok", "2", "\"v1\""), (response.Text, response.Headers["content-length"], response.Headers["etag"]));
    }

    [Fact]
    public async Task An_observed_response_keeps_its_length_and_etag()
    {
        var seen = new StringBuilder();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("body", ("ETag", "\"v1\"")));
        var script = new Script { UseResponseBody = _ => BodyUse.Observe, ResponseBody = (_, data, end, output) => Note(seen, data, end, output) };
        await using var proxy = await StartAsync(upstream, script);

        var response = await proxy.SendAsync(Get);

        Assert.Equal(("4", "\"v1\""), (response.Headers["content-length"], response.Headers["etag"]));
        Assert.Equal("body.", seen.ToString());
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello", "5", null)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", null, "chunked")]
    public async Task An_observed_request_keeps_its_framing(string rest, string? length, string? encoding)
    {
        var seen = new StringBuilder();
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        var script = new Script { UseRequestBody = _ => BodyUse.Observe, RequestBody = (_, data, end, output) => Note(seen, data, end, output) };
        await using var proxy = await StartAsync(upstream, script);

        var response = await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\n" + rest);

        Assert.Equal("hello", response.Text);
        Assert.Equal("hello.", seen.ToString());
        Assert.Equal((length, encoding), (upstream.Requests[0].Headers["content-length"], upstream.Requests[0].Headers["transfer-encoding"]));
    }

    [Fact]
    public async Task A_transformed_request_is_sent_in_chunks()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        var script = new Script { UseRequestBody = _ => BodyUse.Transform, RequestBody = (_, data, end, output) => BodyPieces.Append(data, end, output!, "!") };
        await using var proxy = await StartAsync(upstream, script);

        var response = await proxy.SendAsync(Post);

        Assert.Equal("hello!", response.Text);
        Assert.False(upstream.Requests[0].Headers.Contains("content-length"));
        Assert.Equal("chunked", upstream.Requests[0].Headers["transfer-encoding"]);
    }

    [Fact]
    public async Task A_request_body_filter_may_refuse_in_the_middle_of_the_body()
    {
        await using var upstream = TestUpstream.Start();
        var script = new Script
        {
            UseRequestBody = _ => BodyUse.Observe,
            RequestBody = (x, _, _, _) =>
            {
                x.Reply(422, "bad_content", "no"u8.ToArray(), "text/plain");
                return FilterStatus.Stop;
            },
        };
        await using var proxy = await StartAsync(upstream, script);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegin");
        var response = await client.ReadResponseAsync();

        Assert.Equal((422, "no"), (response.Status, response.Text));
        Assert.DoesNotContain(upstream.Requests, r => r.IsComplete);
    }

    [Fact]
    public async Task A_request_body_filter_that_stops_without_a_reply_is_a_500()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, new Script { UseRequestBody = _ => BodyUse.Observe, RequestBody = (_, _, _, _) => FilterStatus.Stop });

        Assert.Equal(500, (await proxy.SendAsync(Post)).Status);
        Assert.Contains(proxy.LogLines, line => line.Contains("'scripted/a'"));
    }

    [Fact]
    public async Task A_request_body_filter_sees_the_body_once_though_it_is_sent_twice()
    {
        var seen = new StringBuilder();
        await using var broken = TestUpstream.Start(_ => UpstreamResponse.CloseNow());
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        var script = new Script
        {
            Error = (_, _) => RetryAdvice.Retry,
            UseRequestBody = _ => BodyUse.Observe,
            RequestBody = (_, data, end, output) => Note(seen, data, end, output),
        };
        await using var proxy = await StartAsync([broken.Port, upstream.Port], [], [script]);

        await proxy.SendAsync(Post);
        seen.Clear();
        var response = await proxy.SendAsync(Post);

        Assert.Equal("hello", response.Text);
        Assert.Equal("hello.", seen.ToString());
        Assert.NotEmpty(broken.Requests);
    }

    [Fact]
    public async Task A_body_in_memory_is_filtered_once_though_it_is_sent_twice()
    {
        var seen = new ConcurrentQueue<string>();
        await using var broken = TestUpstream.Start(_ => UpstreamResponse.CloseNow());
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        var buffering = new Script
        {
            RequestAsync = async x => (await x.BufferRequestBodyAsync(1000)).IsComplete ? FilterStatus.Continue : FilterStatus.Stop,
            Error = (_, _) => RetryAdvice.Retry,
            UseRequestBody = _ => BodyUse.Transform,
            RequestBody = (_, data, end, output) =>
            {
                seen.Enqueue(Encoding.UTF8.GetString(data));
                return BodyPieces.Append(data, end, output!, "!");
            },
        };
        await using var proxy = await StartAsync([broken.Port, upstream.Port], [], [buffering]);

        var answers = new[] { (await proxy.SendAsync(Post)).Text, (await proxy.SendAsync(Post)).Text };

        Assert.Equal(["hello!", "hello!"], answers);
        Assert.Equal(["hello", "hello"], seen);
        Assert.NotEmpty(broken.Requests);
    }

    [Fact]
    public async Task The_beginning_of_a_body_too_large_to_buffer_is_sent_again_with_the_rest()
    {
        await using var broken = TestUpstream.Start(_ => UpstreamResponse.CloseNow());
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        var script = new Script
        {
            RequestAsync = async x => (await x.BufferRequestBodyAsync(2)).Status == BufferStatus.TooLarge ? FilterStatus.Continue : FilterStatus.Stop,
            Error = (_, _) => RetryAdvice.Retry,
        };
        await using var proxy = await StartAsync([broken.Port, upstream.Port], [], [script]);

        var answers = new[] { (await proxy.SendAsync(Post)).Text, (await proxy.SendAsync(Post)).Text };

        Assert.Equal(["hello", "hello"], answers);
        Assert.NotEmpty(broken.Requests);
    }

    [Fact]
    public async Task A_request_without_a_body_asks_no_body_filter()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, new Script { UseRequestBody = _ => throw new InvalidOperationException("asked") });

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Fact]
    public async Task The_end_of_an_empty_response_is_told()
    {
        var seen = new StringBuilder();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(""));
        var script = new Script { UseResponseBody = _ => BodyUse.Observe, ResponseBody = (_, data, end, output) => Note(seen, data, end, output) };
        await using var proxy = await StartAsync(upstream, script);

        await proxy.SendAsync(Get);

        Assert.Equal(".", seen.ToString());
    }

    private static FilterStatus Note(StringBuilder seen, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        Assert.Null(output);
        seen.Append(Encoding.UTF8.GetString(data)).Append(end ? "." : "");
        return FilterStatus.Continue;
    }
}
