extern alias JailPlugin;

using FilterProxy.Filters.Waf;
using FilterProxy.TestKit;
using JailPlugin::FilterProxy.Filters.Jail;
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
            SecRule ARGS "@contains <script" "id:1,phase:2,deny,t:none,t:lowercase,tag:attack-xss"
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
        Assert.Equal((2, 2, 2), (
            proxy.Counts["filterproxy.waf.exchanges result=block"],
            proxy.Counts["filterproxy.waf.matches rule=1 phase=2"],
            proxy.Counts["filterproxy.waf.attacks tag=attack-xss"]));
    }

    [Fact]
    public async Task An_attack_cut_into_chunks_of_a_byte_is_seen_whole()
    {
        await File.WriteAllTextAsync(_rules, "SecRule ARGS:q \"@streq <script>\" \"id:1,phase:2,deny\"");
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        await using var proxy = await StartAsync(upstream, "mode: block", TestTransport.Direct);
        var chunks = string.Concat("a=1&q=%3Cscript%3E".Select(c => $"1;x=y\r\n{c}\r\n"));
        var response = await proxy.SendAsync(
            $"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        Assert.Equal(403, response.Status);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_changed_rule_holds_after_a_reload_and_one_that_is_none_leaves_the_old_in_force()
    {
        const string Attack = "GET /?q=bad HTTP/1.1\r\nHost: example.com\r\n\r\n";
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        await File.WriteAllTextAsync(_rules, "SecRule ARGS \"@streq bad\" \"id:1,phase:2,deny,status:403\"");
        await using var proxy = await StartAsync(upstream, "mode: block", TestTransport.Direct);
        var statuses = new List<int> { (await proxy.SendAsync(Attack)).Status };

        await File.WriteAllTextAsync(_rules, "SecRule ARGS \"@streq bad\" \"id:1,phase:2,deny,status:418\"");
        await proxy.ReloadAsync(Yaml(upstream, "mode: block"));
        statuses.Add((await proxy.SendAsync(Attack)).Status);

        await File.WriteAllTextAsync(_rules, "SecRule ARGS");
        Assert.Contains($"{_rules}:1: ", await proxy.ReloadAsync(Yaml(upstream, "mode: block")), StringComparison.Ordinal);
        statuses.Add((await proxy.SendAsync(Attack)).Status);
        Assert.Equal([403, 418, 418], statuses);
    }

    [Fact]
    public async Task What_a_client_said_about_its_connection_is_seen()
    {
        await File.WriteAllTextAsync(_rules, """
            SecRule REQUEST_HEADERS:Connection "@streq close, close" "id:1,phase:1,deny"
            SecRule REQUEST_METHOD "@streq POST" "id:2,phase:1,deny,status:411,chain"
            SecRule &REQUEST_HEADERS:Transfer-Encoding "@eq 0"
            """);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        await using var proxy = await StartAsync(upstream, "mode: block", TestTransport.Direct);
        Assert.Equal((403, 200), (
            (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close, close\r\n\r\n")).Status,
            (await proxy.SendAsync("POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n")).Status));
    }

    [Fact]
    public async Task Who_is_refused_again_and_again_is_kept_out_by_a_jail()
    {
        await File.WriteAllTextAsync(_rules, "SecRule ARGS \"@contains bad\" \"id:1,phase:2,deny\"");
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            http: { filters: [ { jail: { max: 2, offences: [ { name: attack, reasons: [waf_denied] } ] } } ] }
            routes: [ { name: all, cluster: origin, filters: [ { waf: { rules: ["{{_rules}}"], mode: block } } ] } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            TestTransport.Direct,
            typeof(WafFilter),
            typeof(JailFilter));
        await using var client = await proxy.ConnectAsync();
        var reasons = new List<string?>();
        foreach (var target in (string[])["/", "/?q=bad", "/?q=bad", "/"])
        {
            reasons.Add((await client.RoundTripAsync($"GET {target} HTTP/1.1\r\nHost: example.com\r\n\r\n")).Headers["x-filterproxy-reason"]);
        }

        Assert.Equal([null, "waf_denied", "waf_denied", "jailed"], reasons);
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
    [InlineData("on_error: skip")]
    [InlineData("countries: /nowhere/countries.csv")]
    [InlineData("redis: { cluster: none }")]
    [InlineData("unknown: 1")]
    public async Task Options_that_are_none_are_refused(string options)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("fine"));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, options));
    }

    private Task<TestProxy> StartAsync(TestUpstream upstream, string options, TestTransport transport = TestTransport.Sockets) =>
        TestProxy.StartAsync(Yaml(upstream, options), transport, typeof(WafFilter));

    private string Yaml(TestUpstream upstream, string options) => $$"""
        routes: [ { name: all, cluster: origin, filters: [ { waf: { rules: ["{{_rules}}"], {{options}} } } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;
}
