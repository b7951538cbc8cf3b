using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>Static files are, byte for byte and header for header, what the app sends.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed partial class StaticAssetTests(NextJsFixture site)
{
    // What belongs to one connection or moment, or is the proxy's to add.
    private static readonly string[] NotCompared =
        ["Connection", "Keep-Alive", "Date", "Via", "Transfer-Encoding", "X-Request-Id"];

    [NextJsTheory]
    [InlineData("/items/1")]
    [InlineData("/oauth/clients/web")]
    [InlineData("/admin/users/1")]
    [InlineData("/kline/symbols/btc/")]
    public async Task Chunks_are_identical_to_the_apps_and_immutable(string page)
    {
        var chunks = await ChunksAsync(page);

        Assert.Contains(chunks, chunk => chunk.EndsWith(".js", StringComparison.Ordinal));
        foreach (var chunk in chunks)
        {
            var proxied = await ReadAsync(site.Through(chunk));
            Assert.Equal(await ReadAsync(site.Direct(chunk)), proxied);
            Assert.Contains("Cache-Control: public, max-age=31536000, immutable", proxied, StringComparison.Ordinal);
            Assert.Contains("ETag: ", proxied, StringComparison.Ordinal);
        }
    }

    [NextJsTheory]
    [InlineData("/logo.svg", "")]
    [InlineData("/admin/logo.svg", "")]
    [InlineData("/oauth/logo.svg", "gzip")]
    [InlineData("/admin/icon.svg", "")]
    [InlineData("/about", "gzip")]
    [InlineData("/admin", "")]
    public async Task Files_and_static_pages_are_identical_to_the_apps(string path, string encoding)
    {
        Assert.Equal(await ReadAsync(site.Direct(path), encoding), await ReadAsync(site.Through(path), encoding));
    }

    [NextJsFact]
    public async Task Chunk_of_a_dynamic_route_keeps_its_encoded_brackets()
    {
        var chunk = (await ChunksAsync("/admin/users/1")).First(url => url.Contains("%5Bid%5D", StringComparison.Ordinal));

        using var response = await site.Http.GetAsync(site.Through(chunk));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [NextJsTheory]
    [InlineData("/_next/image")]
    [InlineData("/admin/_next/image")]
    public async Task Optimised_image_is_identical_to_the_apps(string optimiser)
    {
        var app = optimiser.StartsWith("/admin", StringComparison.Ordinal) ? "/admin" : "/";
        var page = await site.Http.GetStringAsync(site.Through(app));
        var image = WebUtility.HtmlDecode(Regex.Match(page, Regex.Escape(optimiser) + "\\?[^\" ]+").Value);
        // The first answer is made, the later ones come from the app's cache and say so.
        await ReadAsync(site.Direct(image));

        var proxied = await ReadAsync(site.Through(image));

        Assert.Equal(await ReadAsync(site.Direct(image)), proxied);
        Assert.Contains("Content-Type: image/", proxied, StringComparison.Ordinal);
    }

    [NextJsFact]
    public async Task Known_file_is_not_sent_again()
    {
        using var first = await site.Http.GetAsync(site.Through("/admin/logo.svg"));
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Through("/admin/logo.svg"));
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var second = await site.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
    }

    [NextJsFact]
    public async Task Part_of_a_file_can_be_asked_for()
    {
        var whole = await site.Http.GetByteArrayAsync(site.Through("/logo.svg"));
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Through("/logo.svg"));
        request.Headers.Range = new RangeHeaderValue(10, 29);

        using var part = await site.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(whole[10..30], await part.Content.ReadAsByteArrayAsync());
    }

    [GeneratedRegex("/(?:[a-z]+/)?_next/static/[^\"\\\\]+?\\.(?:js|css|png)")]
    private static partial Regex Chunk();

    private async Task<string[]> ChunksAsync(string page) =>
        [.. Chunk().Matches(await site.Http.GetStringAsync(site.Through(page))).Select(match => match.Value).Distinct()];

    /// <summary>Status, headers in a fixed order, and the hash of the body, as one text.</summary>
    private async Task<string> ReadAsync(Uri address, string encoding = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (encoding != "")
        {
            request.Headers.Add("Accept-Encoding", encoding);
        }

        using var response = await site.Http.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .Where(header => !NotCompared.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .SelectMany(header => header.Value.Select(value => $"{header.Key}: {value}"))
            .Order(StringComparer.OrdinalIgnoreCase);
        return $"""
            {(int)response.StatusCode}
            {string.Join('\n', headers)}
            {body.Length} bytes {Convert.ToHexStringLower(SHA256.HashData(body))}
            """;
    }
}
