using System.Buffers;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Tests.Pipeline.ScriptedProxy;

namespace FilterProxy.Tests.Pipeline;

/// <summary>Answers made of a head and a body that were kept.</summary>
public sealed class KeptReplyTests
{
    private static readonly PreparedFields Fields = PreparedFields.Build(0, static (map, _) =>
    {
        map.Append("X-A", "1");
        map.Append("Content-Length", "4");
    });

    private static ReadOnlySequence<byte> Body => new("kept"u8.ToArray());

    [Fact]
    public async Task The_head_is_what_was_kept_and_no_local_reply()
    {
        await using var upstream = TestUpstream.Start();
        (string, ResponseFlags) noted = default;
        await using var proxy = await StartAsync(upstream, new Script
        {
            Request = x =>
            {
                x.Reply(200, "kept", Body, Fields);
                return FilterStatus.Stop;
            },
            Logging = x => noted = (x.Stats.Reason, x.Stats.Flags),
        });

        var response = await proxy.SendAsync(Get);

        Assert.Equal((200, "kept"), (response.Status, response.Text));
        Assert.Equal(["X-A", "Content-Length", "Date"], response.Headers.Select(f => f.Key));
        await Poll.UntilAsync(() => noted != default);
        Assert.Equal(("kept", ResponseFlags.None), noted);
    }

    [Fact]
    public async Task The_length_is_told_to_HEAD_without_the_body()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, new Script { Response = x => x.Reply(200, "kept", Body, Fields) });

        var response = await proxy.SendAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(("4", ""), (response.Headers["content-length"], response.Text));
    }

    [Fact]
    public async Task A_request_body_filter_may_give_one()
    {
        await using var upstream = TestUpstream.Start();
        var script = new Script
        {
            UseRequestBody = _ => BodyUse.Observe,
            RequestBody = (x, _, _, _) =>
            {
                x.Reply(200, "kept", Body, Fields);
                return FilterStatus.Stop;
            },
        };
        await using var proxy = await StartAsync(upstream, script);

        var response = await proxy.SendAsync(Post);

        Assert.Equal((200, "kept", "1"), (response.Status, response.Text, response.Headers["x-a"]));
    }
}
