using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Tests.Pipeline.ScriptedProxy;

namespace FilterProxy.Tests.Pipeline;

public sealed class ReplyTests
{
    [Fact]
    public async Task A_response_filter_may_replace_the_response()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("secret", ("X-Secret", "1")));
        await using var proxy = await StartAsync(upstream, new Script { Response = x => x.Reply(451, "withheld", "none"u8.ToArray(), "text/plain") });

        var response = await proxy.SendAsync(Get);

        Assert.Equal((451, "none"), (response.Status, response.Text));
        Assert.False(response.Headers.Contains("x-secret"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reply_may_come_out_of_a_pipe(bool lengthKnown)
    {
        await using var upstream = TestUpstream.Start();
        var pipe = new Pipe();
        await using var proxy = await StartAsync(upstream, Replying(pipe, lengthKnown ? 6 : null));
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);

        await pipe.Writer.WriteAsync("abc"u8.ToArray());
        await pipe.Writer.WriteAsync("def"u8.ToArray());
        await pipe.Writer.CompleteAsync();
        var response = await client.ReadResponseAsync();

        Assert.Equal("abcdef", response.Text);
        Assert.Equal(lengthKnown ? "6" : null, response.Headers["content-length"]);
        Assert.Equal(lengthKnown ? null : "chunked", response.Headers["transfer-encoding"]);
    }

    [Fact]
    public async Task The_pipe_of_a_reply_is_completed_when_the_client_goes_away()
    {
        await using var upstream = TestUpstream.Start();
        var pipe = new Pipe();
        await using var proxy = await StartAsync(upstream, Replying(pipe, null));
        var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await pipe.Writer.WriteAsync("begin"u8.ToArray());
        await client.ReadExactlyAsync(1);

        await client.DisposeAsync();

        await Poll.UntilAsync(async () => (await pipe.Writer.WriteAsync("more"u8.ToArray())).IsCompleted);
    }

    [Fact]
    public async Task The_pipe_of_a_reply_that_is_replaced_is_completed()
    {
        await using var upstream = TestUpstream.Start();
        var pipe = new Pipe();
        await using var proxy = await StartAsync(upstream, new Script { Response = x => x.Reply(200, "other") }, Replying(pipe, null));

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);

        Assert.True((await pipe.Writer.WriteAsync("x"u8.ToArray())).IsCompleted);
    }

    [Fact]
    public async Task The_length_of_a_reply_that_refuses_a_body_is_kept()
    {
        await using var upstream = TestUpstream.Start();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("no"u8.ToArray());
        await pipe.Writer.CompleteAsync();
        var script = new Script
        {
            UseRequestBody = _ => BodyUse.Observe,
            RequestBody = (x, _, _, _) =>
            {
                x.Reply(403, "refused", pipe.Reader, 2, "text/plain");
                return FilterStatus.Stop;
            },
        };
        await using var proxy = await StartAsync(upstream, script);

        var response = await proxy.SendAsync(Post);

        Assert.Equal((403, "no", "2"), (response.Status, response.Text, response.Headers["content-length"]));
    }

    [Fact]
    public async Task An_upstream_request_filter_may_answer_instead_of_sending()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, new Script { UpstreamRequest = (x, _) => x.Reply(409, "signing_failed") });

        Assert.Equal(409, (await proxy.SendAsync(Get)).Status);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_peer_filter_may_answer_instead_of_choosing()
    {
        await using var upstream = TestUpstream.Start();
        var script = new Script
        {
            Peer = x =>
            {
                x.Reply(429, "busy");
                return null;
            },
        };
        await using var proxy = await StartAsync(upstream, script);

        Assert.Equal(429, (await proxy.SendAsync(Get)).Status);
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [InlineData(Get)]
    [InlineData(Post)]
    public async Task The_request_body_may_be_replaced(string request)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        var script = new Script
        {
            RequestAsync = async x =>
            {
                await x.BufferRequestBodyAsync(100);
                x.ReplaceBody(new ReadOnlySequence<byte>("other"u8.ToArray()));
                return FilterStatus.Continue;
            },
        };
        await using var proxy = await StartAsync(upstream, script);

        Assert.Equal("other", (await proxy.SendAsync(request)).Text);
        Assert.Equal("5", upstream.Requests[0].Headers["content-length"]);
    }

    [Fact]
    public async Task The_next_filter_buffers_the_replaced_body()
    {
        var seen = "";
        await using var upstream = TestUpstream.Start();
        var replacing = new Script
        {
            RequestAsync = async x =>
            {
                await x.BufferRequestBodyAsync(100);
                x.ReplaceBody(new ReadOnlySequence<byte>("other"u8.ToArray()));
                return FilterStatus.Continue;
            },
        };
        var reading = new Script
        {
            RequestAsync = async x =>
            {
                seen = Encoding.UTF8.GetString((await x.BufferRequestBodyAsync(100)).Body);
                return FilterStatus.Continue;
            },
        };
        await using var proxy = await StartAsync(upstream, replacing, reading);

        await proxy.SendAsync(Post);

        Assert.Equal("other", seen);
    }

    [Fact]
    public async Task The_response_body_may_be_replaced()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Chunked("long ", "answer"));
        await using var proxy = await StartAsync(upstream, new Script { Response = x => x.ReplaceBody(new ReadOnlySequence<byte>("short"u8.ToArray())) });

        var response = await proxy.SendAsync(Get);

        Assert.Equal(("short", "5"), (response.Text, response.Headers["content-length"]));
    }

    private static Script Replying(Pipe pipe, long? length) => new()
    {
        Request = x =>
        {
            x.Reply(200, "piped", pipe.Reader, length, "text/plain");
            return FilterStatus.Stop;
        },
    };
}
