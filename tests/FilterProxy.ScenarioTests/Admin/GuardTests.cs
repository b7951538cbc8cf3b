using System.Net;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>Whom the admin API answers, over real connections.</summary>
public sealed class GuardTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST.")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1.2.3:80")]
    [InlineData("[::1]:9901")]
    [InlineData("ops.internal:1")]
    public async Task Names_of_this_machine_and_those_allowed_are_answered(string host)
    {
        await using var admin = await AdminProxy.StartAsync(admin: ", allowed_hosts: [ops.internal]");

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(admin, ("Host", host))).Status);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("10.0.0.1")]
    [InlineData("ops.internal")]
    public async Task A_name_that_somebody_else_makes_point_here_is_refused(string host)
    {
        await using var admin = await AdminProxy.StartAsync();

        Assert.Equal((HttpStatusCode.Forbidden, "host_refused"), await GetAsync(admin, ("Host", host)));
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_origin_is_refused(string field, string value)
    {
        await using var admin = await AdminProxy.StartAsync();

        Assert.Equal((HttpStatusCode.Forbidden, "origin_refused"), await GetAsync(admin, (field, value)));
    }

    [Fact]
    public async Task A_page_of_another_origin_changes_nothing_even_with_the_token()
    {
        await using var admin = await AdminProxy.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/log_level?level=debug");
        request.Headers.Authorization = new("Bearer", AdminProxy.Token);
        request.Headers.Add("Origin", "http://evil.example");

        var (status, answer) = await admin.SendAsync(request);

        Assert.Equal((HttpStatusCode.Forbidden, "origin_refused"), (status, (string?)answer["error"]));
        Assert.Equal("information", (string?)(await admin.GetAsync("/log_level"))["level"]);
    }

    [Fact]
    public async Task Its_own_origin_is_answered()
    {
        await using var admin = await AdminProxy.StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(admin, ("Origin", admin.Address), ("Sec-Fetch-Site", "same-origin"))).Status);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Real-IP", "192.0.2.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task What_a_proxy_passes_on_is_not_from_this_machine(string field, string value)
    {
        await using var admin = await AdminProxy.StartAsync();

        Assert.Equal((HttpStatusCode.Unauthorized, "token_required"), await GetAsync(admin, (field, value)));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(admin, (field, value), ("Authorization", $"Bearer {AdminProxy.Token}"))).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer planted-token-012345678")]
    [InlineData("Bearer planted-token-01234567890")]
    [InlineData("Basic planted-token-0123456789")]
    [InlineData("planted-token-0123456789")]
    public async Task Without_the_token_nothing_is_changed(string? authorization)
    {
        await using var admin = await AdminProxy.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/log_level?level=debug");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await admin.Http.SendAsync(request);

        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (response.StatusCode, response.Headers.WwwAuthenticate.ToString()));
        Assert.Equal("information", (string?)(await admin.GetAsync("/log_level"))["level"]);
    }

    [Fact]
    public async Task Where_no_token_is_configured_nothing_can_be_changed_and_the_answer_says_so()
    {
        await using var admin = await AdminProxy.StartAsync(hasToken: false);

        var (status, answer) = await admin.PostAsync("/log_level?level=debug");

        Assert.Equal((HttpStatusCode.Forbidden, "no_token_configured"), (status, (string?)answer["error"]));
        Assert.Equal("information", (string?)(await admin.GetAsync("/log_level"))["level"]);
    }

    [Fact]
    public async Task A_reload_without_the_section_closes_the_door()
    {
        await using var admin = await AdminProxy.StartAsync();

        Assert.Equal("", await admin.Proxy.ReloadAsync("routes: [ { respond: {} } ]"));

        Assert.Equal((HttpStatusCode.Forbidden, "not_configured"), await GetAsync(admin));
    }

    [Fact]
    public async Task A_refusal_is_in_the_log_with_who_asked_for_what()
    {
        await using var admin = await AdminProxy.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/log_level?level=debug");
        await admin.SendAsync(request);

        Assert.Contains(admin.Log.Lines, line => line.Contains("127.0.0.1:", StringComparison.Ordinal) && line.Contains("was refused POST /log_level?level=debug", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_is_in_the_log_with_who_made_it_and_what_became_of_it()
    {
        await using var admin = await AdminProxy.StartAsync();

        await admin.PostAsync("/log_level?level=debug");

        Assert.Contains(admin.Log.Lines, line => line.Contains("asked for POST /log_level?level=debug: the log says debug and above", StringComparison.Ordinal));
        Assert.DoesNotContain(admin.Log.Lines, line => line.Contains(AdminProxy.Token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET /stats HTTP/1.1\r\nHost: localhost\r\nx: {0}\r\n\r\n", 20_000, 431)]
    [InlineData("GET /stats?{0} HTTP/1.1\r\nHost: localhost\r\n\r\n", 9_000, 414)]
    public async Task A_head_that_is_too_large_is_refused(string request, int length, int status)
    {
        await using var admin = await AdminProxy.StartAsync();
        await using var client = await RawClient.ConnectAsync(new Uri(admin.Address).Port);

        var response = await client.RoundTripAsync(request.Replace("{0}", new string('a', length), StringComparison.Ordinal));

        Assert.Equal(status, response.Status);
    }

    private static async Task<(HttpStatusCode Status, string? Error)> GetAsync(AdminProxy admin, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/log_level");
        foreach (var (name, value) in fields)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var (status, answer) = await admin.SendAsync(request);
        return (status, (string?)answer["error"]);
    }
}
