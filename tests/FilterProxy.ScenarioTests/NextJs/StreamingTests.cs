using System.IO.Compression;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>What an app sends bit by bit arrives bit by bit.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class StreamingTests(NextJsFixture site)
{
    // A stream that is held back fails every time; a busy machine only now and then.
    private const int Attempts = 3;
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(500);

    [NextJsTheory]
    [InlineData("")]
    [InlineData("gzip")]
    public Task Shell_of_a_streamed_page_arrives_before_its_slow_part(string encoding) =>
        AssertApartAsync("/stream", "shell arrived", "slow part arrived", ("Accept-Encoding", encoding));

    [NextJsTheory]
    [InlineData("/stream", "shell arrived", "slow part arrived")]
    [InlineData("/kline/report/", "loading report", "Report ready")]
    public Task Server_component_payload_of_a_navigation_is_streamed(string path, string early, string late) =>
        AssertApartAsync(path, early, late, ("RSC", "1"));

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
        var most = int.MaxValue;
        for (var attempt = 0; attempt < Attempts && most > 1; attempt++)
        {
            var body = await ReadAsync(path);
            Assert.Equal(10, EventsIn(body.Text));
            most = Math.Min(most, body.Parts.Max(EventsIn));
        }

        Assert.Equal(1, most);

        static int EventsIn(string part) => part.Split("data: tick").Length - 1;
    }

    [NextJsFact]
    public async Task Browser_sees_server_sent_events()
    {
        var page = await site.OpenAsync();
        await page.GotoAsync("/kline/");

        await page.Locator("#ticks li").Nth(9).WaitForAsync();

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"tick {i}"), await page.Locator("#ticks li").AllTextContentsAsync());
    }

    private async Task AssertApartAsync(string path, string early, string late, (string Name, string Value) header)
    {
        var longest = TimeSpan.Zero;
        for (var attempt = 0; attempt < Attempts && longest < Apart; attempt++)
        {
            var body = await ReadAsync(path, header);
            var gap = body.Arrival(late) - body.Arrival(early);
            longest = gap > longest ? gap : longest;
        }

        Assert.True(longest > Apart, $"'{early}' arrived only {longest.TotalMilliseconds:0} ms before '{late}'");
    }

    private async Task<TimedBody> ReadAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Through(path));
        foreach (var (name, value) in headers.Where(header => header.Value != ""))
        {
            request.Headers.Add(name, value);
        }

        using var response = await site.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var content = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync();
        var isCompressed = response.Content.Headers.ContentEncoding.Contains("gzip");
        await using var body = isCompressed ? new GZipStream(content, CompressionMode.Decompress) : content;
        return await TimedBody.ReadAsync(body);
    }
}
