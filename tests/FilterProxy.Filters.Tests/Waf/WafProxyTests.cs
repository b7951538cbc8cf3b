using FilterProxy.Filters.Waf;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>The firewall in a proxy, over connections.</summary>
public sealed class WafProxyTests : IDisposable
{
    private readonly string _rules = Path.GetTempFileName();

    public void Dispose() => File.Delete(_rules);

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task An_attack_in_target_or_body_never_reaches_the_upstream(TestTransport transport)
    {
        await File.WriteAllTextAsync(_rules, """
            SecRule ARGS "@contains <script" "id:1,phase:2,deny,t:none,t:lowercase"
            SecRule REQUEST_HEADERS:Host "!@streq example.com" "id:2,phase:1,deny,status:400"
            """);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        await using var proxy = await StartAsync(upstream, "mode: block", transport);
        await using var client = await proxy.ConnectAsync();
        const string Post = "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {0}\r\n\r\n{1}";

        var target = await client.RoundTripAsync("GET /?q=%3CScript%3E HTTP/1.1\r\nHost: example.com\r\n\r\n");
        var body = await client.RoundTripAsync(string.Format(Post, 17, "a=1&q=%3Cscript%3"));
        var fine = await client.RoundTripAsync(string.Format(Post, 7, "a=1&q=2"));

        Assert.Equal((403, 403, 200), (target.Status, body.Status, fine.Status));
        Assert.Equal("a=1&q=2", Assert.Single(upstream.Requests).Text);
        Assert.Equal(2, proxy.Counts["filterproxy.waf.exchanges result=block"]);
    }

    [Fact]
    public async Task A_rule_that_cannot_be_used_is_an_error_of_the_configuration_with_its_place()
    {
        await File.WriteAllTextAsync(_rules, "SecRule ARGS \"@rx (\" \"id:1\"");
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, "mode: block"));
        Assert.Contains($"{_rules}:1: rule 1: a '(' is not closed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mode: perhaps")]
    [InlineData("paranoia: 5")]
    [InlineData("sample: 0")]
    [InlineData("exclude: [ { targets: [ARGS] } ]")]
    [InlineData("exclude: [ { rules: [x] } ]")]
    [InlineData("audit_log: { path: '' }")]
    [InlineData("unknown: 1")]
    public async Task Options_that_are_none_are_refused(string options)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, options));
    }

    private Task<TestProxy> StartAsync(TestUpstream upstream, string options, TestTransport transport = TestTransport.Sockets) => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin, filters: [ { waf: { rules: ["{{_rules}}"], {{options}} } } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """,
        transport,
        typeof(WafFilter));
}
