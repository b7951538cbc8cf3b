using System.Text.RegularExpressions;
using FilterProxy.Core.Pipeline;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Pipeline;

public sealed partial class ReasonCodesTests
{
    private const string Document = "docs/operations/troubleshooting.md";

    [Fact]
    public void Every_code_is_explained_and_every_explained_code_exists()
    {
        var documented = Rows.Matches(File.ReadAllText(Repository.PathOf(Document))).Select(row => row.Groups["code"].Value).Order(StringComparer.Ordinal).ToList();

        Assert.Equal(ReasonCodes.All.Concat(CodesOfFilters()).Distinct().Order(StringComparer.Ordinal), documented);
    }

    [Fact]
    public void Every_code_has_a_cause_and_a_cure() => Assert.All(
        File.ReadAllLines(Repository.PathOf(Document)).Where(line => line.StartsWith("| `", StringComparison.Ordinal)),
        line => Assert.All(line.Trim('|').Split('|'), cell => Assert.NotEqual("", cell.Trim())));

    [Fact]
    public void Every_code_is_one_word_that_fits_into_a_field() => Assert.All(ReasonCodes.All, code => Assert.Matches("^[a-z][a-z_]{2,50}$", code));

    [Fact]
    public async Task A_reply_of_the_engine_says_why_in_a_field_and_carries_the_request_id()
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { match: { path: /a }, respond: {} } ]");

        var response = await proxy.SendAsync("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((404, "no_route"), (response.Status, response.Headers["x-filterproxy-reason"]));
        Assert.Matches("^[0-9a-f]{32}$", response.Headers["x-request-id"]);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-Request-Id: forged\r\n\r\n", "bad_request")]
    [InlineData("GET / HTTP/1.1\r\nX-Request-Id: forged\r\nHost a\r\n\r\n", "bad_request")]
    [InlineData("GET / HTTP/9.9\r\nHost: a\r\n\r\n", "version_not_supported")]
    public async Task A_request_that_cannot_be_read_is_answered_with_both_and_no_word_of_the_clients(string request, string reason)
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { respond: {} } ]");

        var response = await proxy.SendAsync(request);

        Assert.Equal(reason, response.Headers["x-filterproxy-reason"]);
        Assert.Matches("^[0-9a-f]{32}$", response.Headers["x-request-id"]);
    }

    [Fact]
    public async Task The_id_of_a_trusted_proxy_is_the_one_upstream_and_in_replies()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync($$"""
            http: { forwarding: { trusted_proxies: [127.0.0.1] } }
            routes: [ { match: { path: /a }, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);

        var reply = await proxy.SendAsync("GET /b HTTP/1.1\r\nHost: a\r\nX-Request-Id: theirs\r\n\r\n");
        await proxy.SendAsync("GET /a HTTP/1.1\r\nHost: a\r\nX-Request-Id: theirs\r\n\r\n");

        Assert.Equal("theirs", reply.Headers["x-request-id"]);
        Assert.Equal("theirs", upstream.Requests.Single().Headers["x-request-id"]);
    }

    [Fact]
    public async Task A_response_of_the_upstream_gets_neither()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((null, null), (response.Headers["x-filterproxy-reason"], response.Headers["x-request-id"]));
    }

    [Fact]
    public async Task A_grpc_client_is_told_as_well()
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { match: { path: /a }, respond: {} } ]");

        var response = await proxy.SendAsync("POST /b HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal((200, "12", "no_route"), (response.Status, response.Headers["grpc-status"], response.Headers["x-filterproxy-reason"]));
    }

    [Theory]
    [InlineData("reason_header: off", null)]
    [InlineData("reason_header: x-why", "no_route")]
    public async Task The_field_has_another_name_or_none_where_the_configuration_says_so(string http, string? expected)
    {
        await using var proxy = await TestProxy.StartAsync($"http: {{ {http} }}\nroutes: [ {{ match: {{ path: /a }}, respond: {{}} }} ]");

        var response = await proxy.SendAsync("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((expected, null), (response.Headers["x-why"], response.Headers["x-filterproxy-reason"]));
    }

    // What filters say when they reply or break off, as their sources have it: second in Reply, or named as the reason there.
    private static IEnumerable<string> CodesOfFilters() => Directory.EnumerateFiles(Repository.PathOf("filters"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/") && !file.Contains("/bin/"))
        .SelectMany(file => Replies.Matches(File.ReadAllText(file)))
        .Select(match => match.Groups["code"].Value);

    [GeneratedRegex(@"^\| `(?<code>[a-z_]+)`", RegexOptions.Multiline)]
    private static partial Regex Rows { get; }

    [GeneratedRegex(@"(?:(?<![A-Za-z])(?:Reply|Refuse|Replies\.[A-Za-z]+)\((?:[^;""]*?), |var reason = [^;""]*|\.Abort\()""(?<code>[a-z_]+)""")]
    private static partial Regex Replies { get; }
}
