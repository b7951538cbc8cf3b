using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>What an app sends bit by bit arrives bit by bit.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class StreamingTests(NextJsFixture site)
{
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(500);

    [NextJsFact]
    public async Task Shell_of_a_streamed_page_arrives_before_its_slow_part()
    {
        var body = await ReadAsync("/stream");

        Assert.True(body.Arrival("slow part arrived") - body.Arrival("shell arrived") > Apart);
    }

    [NextJsFact]
    public async Task Shell_arrives_first_when_the_page_is_compressed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Through("/stream"));
        request.Headers.Add("Accept-Encoding", "gzip");
        using var response = await site.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var unzipped = new StreamContent(
            new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress));
        var body = await TimedBody.ReadAsync(unzipped);

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.True(body.Arrival("slow part arrived") - body.Arrival("shell arrived") > Apart);
    }

    [NextJsTheory]
    [InlineData("/stream", "shell arrived", "slow part arrived")]
    [InlineData("/kline/report/", "loading report", "Report ready")]
    public async Task Server_component_payload_of_a_navigation_is_streamed(string path, string early, string late)
    {
        var body = await ReadAsync(path, ("RSC", "1"));

        Assert.True(body.Arrival(late) - body.Arrival(early) > Apart);
    }

    [NextJsFact]
    public async Task Navigation_shows_the_fallback_until_the_slow_part_is_there()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/kline/", new() { WaitUntil = WaitUntilState.DOMContentLoaded });
        await page.Locator("#ticks li").Nth(9).WaitForAsync();

        await page.ClickAsync("text=Report");

        await page.WaitForSelectorAsync("#waiting");
        Assert.Equal(0, await page.Locator("#slow").CountAsync());
        await page.WaitForSelectorAsync("#slow");
        Assert.Equal(0, await page.Locator("#waiting").CountAsync());
    }

    [NextJsTheory]
    [InlineData("/kline/api/ticks/")]
    [InlineData("/api/kline/ticks/")]
    public async Task Server_sent_events_arrive_one_by_one(string path)
    {
        var body = await ReadAsync(path);

        var arrivals = Enumerable.Range(0, 10).Select(i => body.Arrival($"data: tick {i}\n")).ToArray();
        Assert.True(arrivals[9] - arrivals[0] > TimeSpan.FromSeconds(1.5));
        // The machine may be busy for a moment, so that two come at once; never many.
        Assert.All(body.Parts, part => Assert.InRange(part.Split("data:").Length - 1, 0, 3));
    }

    [NextJsFact]
    public async Task Browser_sees_server_sent_events()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/kline/");

        await page.Locator("#ticks li").Nth(9).WaitForAsync();

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"tick {i}"), await page.Locator("#ticks li").AllTextContentsAsync());
    }

    private async Task<TimedBody> ReadAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Through(path));
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await site.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return await TimedBody.ReadAsync(response.EnsureSuccessStatusCode().Content);
    }
}
