using System.Net.Http.Json;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>Route handlers, at their own path and as /api/&lt;service&gt;/x.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class ApiRouteTests(NextJsFixture site)
{
    [NextJsTheory]
    [InlineData("/api/oauth/echo?a=1&b=%2F", "oauth", "/api/echo")]
    [InlineData("/api/admin/echo?a=1&b=%2F", "admin", "/api/echo")]
    [InlineData("/api/kline/echo/?a=1&b=%2F", "kline", "/api/echo/")]
    [InlineData("/oauth/api/echo?a=1&b=%2F", "oauth", "/api/echo")]
    [InlineData("/api/echo?a=1&b=%2F", "main", "/api/echo")]
    public async Task Get_reaches_the_services_handler_with_path_and_query(string path, string app, string belowBasePath)
    {
        var echo = await site.Http.GetFromJsonAsync<JsonElement>(site.Through(path));

        Assert.Equal(app, echo.GetProperty("app").GetString());
        Assert.Equal(belowBasePath, echo.GetProperty("path").GetString());
        Assert.Equal("?a=1&b=%2F", echo.GetProperty("query").GetString());
    }

    [NextJsTheory]
    [InlineData("/api/flow/x/y?z=1", "flow", "/flow/api/x/y?z=1")]
    [InlineData("/api/test/", "test", "/test/api/")]
    [InlineData("/flow", "flow", "/flow")]
    [InlineData("/test/a%20b%2Fc", "test", "/test/a%20b%2Fc")]
    public async Task Services_that_are_not_Next_js_get_the_exact_target(string path, string app, string target)
    {
        var echo = await site.Http.GetFromJsonAsync<JsonElement>(site.Through(path));

        Assert.Equal(app, echo.GetProperty("app").GetString());
        Assert.Equal(target, echo.GetProperty("target").GetString());
    }

    [NextJsTheory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Method_and_json_body_arrive(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), site.Through("/api/admin/echo"))
        {
            Content = JsonContent.Create(new { text = "žluťoučký", list = new[] { 1, 2, 3 } }),
        };
        using var response = await site.Http.SendAsync(request);
        var echo = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(method, echo.GetProperty("method").GetString());
        Assert.Equal("žluťoučký", echo.GetProperty("body").GetProperty("text").GetString());
        Assert.Equal(3, echo.GetProperty("body").GetProperty("list").GetArrayLength());
    }

    [NextJsFact]
    public async Task Status_and_headers_of_the_handler_come_back()
    {
        using var response = await site.Http.PostAsJsonAsync(site.Through("/api/admin/users"), new { name = "Edsger" });

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("/admin/users/3", response.Headers.Location?.OriginalString);
    }

    [NextJsFact]
    public async Task Is_told_who_asked_and_for_which_origin()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, site.Through("/flow/who"));
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");
        request.Headers.Add("X-Forwarded-Host", "elsewhere.example");
        using var response = await site.Http.SendAsync(request);
        var headers = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("headers");

        Assert.Equal(site.Proxy.Authority, headers.GetProperty("host").GetString());
        Assert.Equal(site.Proxy.Authority, headers.GetProperty("x-forwarded-host").GetString());
        Assert.Equal("http", headers.GetProperty("x-forwarded-proto").GetString());
        Assert.Equal("127.0.0.1", headers.GetProperty("x-forwarded-for").GetString());
        Assert.False(string.IsNullOrEmpty(headers.GetProperty("x-request-id").GetString()));
    }

    [NextJsFact]
    public async Task Large_response_arrives_whole()
    {
        var direct = await site.Http.GetByteArrayAsync(site.Direct("/api/large?bytes=8388608"));

        var proxied = await site.Http.GetByteArrayAsync(site.Through("/api/large?bytes=8388608"));

        Assert.Equal(8_388_608, proxied.Length);
        Assert.Equal(SHA256.HashData(direct), SHA256.HashData(proxied));
    }

    [NextJsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Large_upload_arrives_whole(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Through("/api/large"));
        request.Content = new ByteArrayContent(new byte[3_000_000]);
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await site.Http.SendAsync(request);

        Assert.Equal(3_000_000, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("size").GetInt32());
    }
}
