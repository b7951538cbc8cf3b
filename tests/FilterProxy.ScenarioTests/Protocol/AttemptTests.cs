using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>What becomes of a request body whose attempt does not take all of it.</summary>
public sealed class AttemptTests : Scenario
{
    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_that_was_half_sent_on_a_dead_connection_is_sent_whole_on_another(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(async r =>
        {
            if (r.Method == "PUT" && r.Connection.Id == 1)
            {
                return UpstreamResponse.CloseNow();
            }

            await r.ReadBodyAsync();
            return UpstreamResponse.Ok(r.Text);
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);

        await client.SendAsync("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfirst");
        await Poll.UntilAsync(() => upstream.Connections.Count == 2);
        await client.SendAsync("later");

        Assert.Equal("firstlater", (await client.ReadResponseAsync()).Text);
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_request_that_is_not_idempotent_is_not_sent_twice(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(r => Task.FromResult(
            r.Method == "POST" ? UpstreamResponse.CloseNow() : UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);

        Assert.Equal(502, (await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")).Status);

        Assert.Single(upstream.Requests, r => r.Method == "POST");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task After_a_body_filter_refused_a_body_the_connection_serves_the_next_request(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ filters: [refuse] }", "", typeof(RefuseFilter));
        await using var client = await proxy.ConnectAsync();

        for (var i = 0; i < 3; i++)
        {
            var refused = await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n!bad");
            Assert.Equal((403, null), (refused.Status, refused.Headers["Connection"]));
            Assert.Equal(200, (await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ngood")).Status);
        }

        Assert.DoesNotContain(upstream.Requests, r => r.Text.Contains('!', StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_upstream_that_answers_before_it_has_the_body_is_believed(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(r => Task.FromResult(
            r.Method == "POST" ? UpstreamResponse.Create(413, "too much", ("Connection", "close")).ThenClose() : UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");

        var response = await client.ReadResponseAsync();
        Assert.Equal((413, "too much"), (response.Status, response.Text));
        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }
}
