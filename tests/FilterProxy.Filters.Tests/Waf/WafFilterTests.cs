using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using FilterProxy.Filters.Waf;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf;

public sealed class WafFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("waf").FullName;

    public WafFilterTests() => _context.Directory = _folder;

    public void Dispose()
    {
        _context.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_request_that_a_rule_denies_is_refused()
    {
        using var exchange = TestExchange.Get("/?q=bad").From("203.0.113.9");
        var run = await exchange.RunAsync(Filter("SecRule ARGS \"@streq bad\" \"id:1,phase:2,deny\""));
        Assert.Equal((FilterStatus.Stop, 403, "waf_denied"), (run.Status, exchange.Status, exchange.Reason));
        Assert.Null(run.Upstream);
    }

    [Fact]
    public async Task In_detection_it_passes_and_is_counted()
    {
        using var exchange = TestExchange.Get("/?q=bad").WithResponse(200, "ok");
        var filter = Filter("SecRule ARGS \"@streq bad\" \"id:17,phase:2,deny,msg:'It is bad'\"", new() { Rules = ["rules.conf"], Mode = WafMode.Detect });
        var run = await exchange.RunAsync(filter);
        Assert.Equal((200, 1L), (exchange.Status, _context.Sum("filterproxy.waf.matches")));
        Assert.NotNull(run.Upstream);
        Assert.Contains(
            "\"would_block\":1,\"block_list_failures\":0,\"given_up\":[],\"matched\":[{\"rule\":17,\"message\":\"It is bad\",\"matches\":1,\"in_blocked\":1}]",
            ViewOf(filter),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_is_seen_before_the_upstream_sees_it()
    {
        using var exchange = TestExchange.Post("/", "a=1&b=bad").WithHeader("content-type", "application/x-www-form-urlencoded");
        var run = await exchange.RunAsync(Filter("SecRule ARGS_POST:b \"@streq bad\" \"id:1,phase:2,deny,status:418\""));
        Assert.Equal(418, exchange.Status);
        Assert.Null(run.Upstream);
    }

    [Fact]
    public async Task A_compressed_body_is_decoded_to_be_seen()
    {
        using var exchange = TestExchange.Post("/", Gzip("a=bad")).WithHeader("content-type", "application/x-www-form-urlencoded").WithHeader("content-encoding", "gzip");
        await exchange.RunAsync(Filter("SecRule ARGS \"@streq bad\" \"id:1,phase:2,deny\""));
        Assert.Equal(403, exchange.Status);
    }

    [Fact]
    public async Task A_body_in_a_coding_nobody_knows_cannot_be_read()
    {
        using var exchange = TestExchange.Post("/", "x").WithHeader("content-encoding", "rot13");
        await exchange.RunAsync(Filter("SecRule REQBODY_ERROR \"@eq 1\" \"id:1,phase:2,deny,status:400\""));
        Assert.Equal(400, exchange.Status);
    }

    [Theory]
    [InlineData("Reject", 413)]
    [InlineData("ProcessPartial", 200)]
    public async Task A_body_beyond_the_limit_is_refused_or_seen_in_part(string action, int expected)
    {
        using var exchange = TestExchange.Post("/", "a=" + new string('x', 100)).WithHeader("content-type", "application/x-www-form-urlencoded").WithResponse(200, "ok");
        await exchange.RunAsync(Filter($"SecRequestBodyLimit 50\nSecRequestBodyLimitAction {action}"));
        Assert.Equal(expected, exchange.Status);
    }

    [Fact]
    public async Task A_body_without_files_has_a_limit_of_its_own()
    {
        using var exchange = TestExchange.Post("/", "a=" + new string('x', 100)).WithHeader("content-type", "application/x-www-form-urlencoded");
        await exchange.RunAsync(Filter("SecRequestBodyNoFilesLimit 50"));
        Assert.Equal((413, "waf_body_too_large"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task Streams_pass_without_being_held_back()
    {
        using var exchange = TestExchange.Post("/", "bad").WithHeader("content-type", "application/grpc+proto").WithResponse(200, "ok");
        await exchange.RunAsync(Filter("SecRequestBodyLimit 1\nSecAction \"id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On\"\nSecRule REQUEST_BODY \"@contains bad\" \"id:2,phase:2,deny\""));
        Assert.Equal(200, exchange.Status);
    }

    [Theory]
    [InlineData("SecRule RESPONSE_STATUS \"@streq 500\" \"id:1,phase:3,deny\"", 403)]
    [InlineData("SecRule RESPONSE_BODY \"@contains secret\" \"id:1,phase:4,deny\"", 403)]
    [InlineData("SecRule RESPONSE_BODY \"@contains other\" \"id:1,phase:4,deny\"", 500)]
    [InlineData("SecResponseBodyAccess Off\nSecRule RESPONSE_BODY \"@contains secret\" \"id:1,phase:4,deny\"", 500)]
    public async Task Responses_are_seen_before_the_client_sees_them(string rules, int expected)
    {
        using var exchange = TestExchange.Get("/").WithResponse(500, "a secret", ("content-type", "text/html; charset=utf-8"));
        await exchange.RunAsync(Filter("SecResponseBodyAccess On\n" + rules));
        Assert.Equal(expected, exchange.Status);
    }

    [Fact]
    public async Task A_compressed_response_is_decoded_to_be_seen()
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, Gzip("a secret"), ("content-type", "text/html"), ("content-encoding", "gzip"));
        await exchange.RunAsync(Filter("SecResponseBodyAccess On\nSecRule RESPONSE_BODY \"@contains secret\" \"id:1,phase:4,deny\""));
        Assert.Equal(403, exchange.Status);
    }

    [Fact]
    public async Task A_redirect_has_its_place()
    {
        using var exchange = TestExchange.Get("/old");
        await exchange.RunAsync(Filter("SecRule REQUEST_URI \"@streq /old\" \"id:1,phase:1,redirect:'https://example.com/new'\""));
        Assert.Equal((302, "https://example.com/new"), (exchange.Status, exchange.Response.Headers["location"]));
    }

    [Fact]
    public async Task A_connection_can_be_dropped()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter("SecAction \"id:1,phase:1,drop\""));
        Assert.Equal("waf_dropped", exchange.AbortedWith);
    }

    [Theory]
    [InlineData("/login", 200)]
    [InlineData("/other", 403)]
    public async Task Exclusions_hold_below_their_path(string path, int expected)
    {
        using var exchange = TestExchange.Get(path + "?password=bad").WithResponse(200, "ok");
        await exchange.RunAsync(Filter(
            "SecRule ARGS \"@streq bad\" \"id:10,phase:2,deny,tag:attack-x\"",
            new() { Rules = ["rules.conf"], Mode = WafMode.Block, Exclude = [new() { Tags = ["^attack-"], Targets = ["ARGS:password"], Path = "/login" }] }));
        Assert.Equal(expected, exchange.Status);
    }

    [Fact]
    public async Task Paranoia_and_variables_are_there_from_the_beginning()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter(
            "SecRule TX:paranoia_level \"@eq 3\" \"id:1,phase:1,deny,chain\"\nSecRule TX:threshold \"@eq 7\"",
            new() { Rules = ["rules.conf"], Mode = WafMode.Block, Paranoia = 3, Variables = new Dictionary<string, string> { ["threshold"] = "7" } }));
        Assert.Equal(403, exchange.Status);
    }

    [Theory]
    [InlineData(WafMode.Block, WafErrorAction.Deny, 500)]
    [InlineData(WafMode.Block, WafErrorAction.Allow, 200)]
    [InlineData(WafMode.Detect, WafErrorAction.Deny, 200)]
    public async Task An_expression_out_of_time_follows_on_error(WafMode mode, WafErrorAction onError, int expected)
    {
        using var exchange = TestExchange.Get("/?a=" + new string('a', 200) + "b!").WithResponse(200, "ok");
        var filter = Filter("SecRule ARGS \"@rx ^(?=(a+)+b)(a+)+$\" \"id:1,phase:2,deny\"", new() { Rules = ["rules.conf"], Mode = mode, OnError = onError });
        await exchange.RunAsync(filter);
        Assert.Equal((expected, expected == 500 ? "waf_failed" : ""), (exchange.Status, expected == 500 ? exchange.Reason : ""));
        Assert.Contains("\"given_up\":[1]", ViewOf(filter), StringComparison.Ordinal);
        Assert.Single(_context.LogLines, line => line.Contains("rule 1 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_on_error_allow_the_other_rules_still_decide()
    {
        using var exchange = TestExchange.Get("/?b=bad&a=" + new string('a', 200) + "b!");
        await exchange.RunAsync(Filter(
            "SecRule ARGS \"@rx ^(?=(a+)+b)(a+)+$\" \"id:1,phase:2,deny\"\nSecRule ARGS:b \"@streq bad\" \"id:2,phase:2,deny\"",
            new() { Rules = ["rules.conf"], Mode = WafMode.Block, OnError = WafErrorAction.Allow }));
        Assert.Equal((403, "waf_denied"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task Countries_are_read_from_a_file()
    {
        File.WriteAllText(Path.Combine(_folder, "countries.csv"), "# networks\n203.0.113.0/24,DE\n");
        using var exchange = TestExchange.Get("/").From("203.0.113.9");
        await exchange.RunAsync(Filter(
            "SecRule REMOTE_ADDR \"@geoLookup\" \"id:1,phase:1,deny,chain\"\nSecRule GEO:COUNTRY_CODE \"@streq DE\"",
            new() { Rules = ["rules.conf"], Mode = WafMode.Block, Countries = "countries.csv" }));
        Assert.Equal(403, exchange.Status);
    }

    [Fact]
    public void A_file_of_countries_that_cannot_be_read_is_an_error_with_its_line()
    {
        File.WriteAllText(Path.Combine(_folder, "countries.csv"), "203.0.113.0/24,DE\n203.0.113.0/33,DE\n");
        var error = Assert.Throws<ArgumentException>(() => Filter("", new() { Rules = ["rules.conf"], Countries = "countries.csv" }));
        Assert.Contains("countries.csv: line 2: '203.0.113.0/33' has no prefix between 0 and 32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sample_is_inspected_and_the_rest_passes()
    {
        var filter = Filter("SecAction \"id:1,phase:1,deny\"", new() { Rules = ["rules.conf"], Mode = WafMode.Block, Sample = 50 });
        var refused = 0;
        for (var i = 0; i < 200; i++)
        {
            using var exchange = TestExchange.Get("/").WithResponse(200, "ok");
            await exchange.RunAsync(filter);
            refused += exchange.Status == 403 ? 1 : 0;
        }

        Assert.InRange(refused, 40, 160);
    }

    [Theory]
    [InlineData("/?q=bad", 403)]
    [InlineData("/?free=bad", 200)]
    [InlineData("/?known=bad", 200)]
    [InlineData("/off?q=bad", 200)]
    public async Task Plugins_of_the_rule_set_stand_before_and_behind_its_rules(string target, int expected)
    {
        var plugins = Directory.CreateDirectory(Path.Combine(_folder, "plugins")).FullName;
        File.WriteAllText(Path.Combine(plugins, "app-config.conf"), "SecAction \"id:9501,phase:1,pass,nolog,setvar:tx.app-plugin_enabled=1\"");
        File.WriteAllText(
            Path.Combine(plugins, "app-before.conf"),
            "SecRule TX:app-plugin_enabled \"@eq 1\" \"id:9502,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10;ARGS:known\"\n"
            + "SecRule REQUEST_FILENAME \"@streq /off\" \"id:9503,phase:1,pass,nolog,ctl:ruleRemoveById=10\"");
        File.WriteAllText(Path.Combine(plugins, "app-after.conf"), "SecRuleUpdateTargetById 10 \"!ARGS:free\"");
        using var exchange = TestExchange.Get(target).WithResponse(200, "ok");
        await exchange.RunAsync(Filter(
            "SecRule ARGS \"@streq bad\" \"id:10,phase:2,deny\"",
            new() { Rules = ["plugins/*-config.conf", "plugins/*-before.conf", "rules.conf", "plugins/*-after.conf"], Mode = WafMode.Block }));
        Assert.Equal(expected, exchange.Status);
    }

    [Fact]
    public async Task What_setenv_says_others_read()
    {
        using var exchange = TestExchange.Get("/?a=1").WithResponse(200, "ok");
        await exchange.RunAsync(Filter("SecRule ARGS:a \"@rx (.)\" \"id:1,phase:2,pass,capture,setenv:seen=%{TX.1}\""));
        Assert.Equal("1", exchange.Metadata["waf", "seen"]);
    }

    [Theory]
    [InlineData(AuditFormat.Json)]
    [InlineData(AuditFormat.Native)]
    public async Task The_audit_log_says_which_rule_matched_what(AuditFormat format)
    {
        var filter = Filter(
            "SecRule ARGS:q \"@contains bad\" \"id:7,phase:2,deny,msg:'It is %{MATCHED_VAR}',severity:CRITICAL,tag:'a/b',sanitiseArg:secret\"",
            new() { Rules = ["rules.conf"], Mode = WafMode.Block, AuditLog = new() { Path = "logs/audit.log", Format = format } });
        await filter.StartAsync(default);
        using (var exchange = TestExchange.Get("/p?q=%22bad%0A&secret=hidden").WithHeader("User-Agent", "test").From("203.0.113.9").WithRoute("app"))
        {
            await exchange.RunAsync(filter);
        }

        await filter.DisposeAsync();
        var text = await File.ReadAllTextAsync(Path.Combine(_folder, "logs/audit.log"));
        Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
        if (format == AuditFormat.Native)
        {
            Assert.Contains("[id \"7\"] [msg \"It is \\\"bad\\x0a\"]", text, StringComparison.Ordinal);
            Assert.Contains("[severity \"CRITICAL\"] [tag \"a/b\"]", text, StringComparison.Ordinal);
            Assert.Contains("-A--\n[", text, StringComparison.Ordinal);
            Assert.Contains("203.0.113.9", text, StringComparison.Ordinal);
            return;
        }

        var entry = JsonNode.Parse(text)!;
        Assert.Equal((true, 403, 7), ((bool)entry["blocked"]!, (int)entry["status"]!, (int)entry["blocked_by"]!));
        Assert.Equal(("203.0.113.9", "app", "/p?****"), ((string)entry["client"]!, (string)entry["route"]!, (string)entry["target"]!));
        var match = entry["matches"]![0]!;
        Assert.Equal((7, "ARGS:q", "\"bad\n", "It is \"bad\n"), ((int)match["id"]!, (string)match["variable"]!, (string)match["value"]!, (string)match["message"]!));
    }

    [Fact]
    public void Instances_with_the_same_files_share_their_rules()
    {
        Filter("SecAction \"id:1\"");
        var cache = _context.Shared<RuleSetCache>();
        var first = Make(cache);
        Assert.Same(first, Make(cache));
        File.AppendAllText(Path.Combine(_folder, "rules.conf"), "\nSecRule ARGS \"@pmFromFile words.data\" \"id:2\"");
        File.WriteAllText(Path.Combine(_folder, "words.data"), "one");
        var second = Make(cache);
        Assert.NotSame(first, second);
        Assert.Same(second, Make(cache));
        File.WriteAllText(Path.Combine(_folder, "words.data"), "two");
        Assert.NotSame(second, Make(cache));
    }

    [Theory]
    [InlineData("SecRule", "rules.conf:1: SecRule takes variables")]
    [InlineData("\nSecRule ARGS \"@rx (\" \"id:1\"", "rules.conf:2: rule 1: a '(' is not closed")]
    public void A_rule_that_cannot_be_used_is_an_error_with_its_place(string rules, string expected) =>
        Assert.Contains(expected, Assert.ThrowsAny<ArgumentException>(() => Filter(rules)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_exclusion_of_nothing_known_is_an_error() => Assert.Contains(
        "unknown variable 'ARGZ'",
        Assert.Throws<ArgumentException>(() => Filter("", new() { Rules = ["rules.conf"], Exclude = [new() { Rules = ["1"], Targets = ["ARGZ:x"] }] })).Message,
        StringComparison.Ordinal);

    private static string ViewOf(WafFilter filter)
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(stream))
        {
            filter.WriteView(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static byte[] Gzip(string text)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return stream.ToArray();
    }

    private RuleSetCache.Entry Make(RuleSetCache cache)
    {
        var files = new RuleFiles(_context);
        return cache.Get(FilterProxy.Filters.Waf.Language.RuleReader.Read([Path.Combine(_folder, "rules.conf")], files), files);
    }

    private WafFilter Filter(string rules, WafOptions? options = null)
    {
        File.WriteAllText(Path.Combine(_folder, "rules.conf"), rules);
        return new WafFilter(options ?? new WafOptions { Rules = ["rules.conf"], Mode = WafMode.Block }, _context);
    }
}
