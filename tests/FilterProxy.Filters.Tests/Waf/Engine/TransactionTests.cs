using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Engine;

public sealed class TransactionTests
{
    [Theory]
    [InlineData("ARGS", "@streq <x>", "t:none,t:lowercase", "/?a=%3CX%3E", true)]
    [InlineData("ARGS:a", "@streq 1", "t:none", "/?A=1&b=2", true)]
    [InlineData("ARGS:b", "@streq 1", "t:none", "/?a=1", false)]
    [InlineData("ARGS|!ARGS:a", "@streq 1", "t:none", "/?a=1", false)]
    [InlineData("ARGS:/^x/", "@streq 1", "t:none", "/?xyz=1", true)]
    [InlineData("ARGS|!ARGS:/^x/", "@streq 1", "t:none", "/?xyz=1", false)]
    [InlineData("&ARGS", "@eq 2", "t:none", "/?a=1&b", true)]
    [InlineData("&ARGS:c", "@eq 0", "t:none", "/?a=1", true)]
    [InlineData("ARGS_NAMES", "@streq a b", "t:none", "/?a+b=1", true)]
    [InlineData("ARGS:missing", "!@streq 1", "t:none", "/?a=1", false)]
    [InlineData("ARGS:a", "!@streq 1", "t:none", "/?a=2", true)]
    [InlineData("REQUEST_URI", "@streq /x?y=1", "t:none", "http://host/x?y=1", true)]
    [InlineData("REQUEST_URI_RAW", "@beginsWith http://", "t:none", "http://host/x", true)]
    [InlineData("REQUEST_FILENAME", "@streq /a/b.php", "t:none", "/a/b.php?x", true)]
    [InlineData("REQUEST_BASENAME", "@streq b.php", "t:none", "/a/b.php?x", true)]
    [InlineData("QUERY_STRING", "@streq x=%20", "t:none", "/a?x=%20", true)]
    [InlineData("REQUEST_LINE", "@streq GET /a HTTP/1.1", "t:none", "/a", true)]
    [InlineData("REQUEST_HEADERS:host", "@streq example.com", "t:none", "/", true)]
    [InlineData("REQUEST_COOKIES:sid", "@streq 7", "t:none", "/", true)]
    [InlineData("REQUEST_COOKIES_NAMES", "@streq theme", "t:none", "/", true)]
    [InlineData("ARGS_COMBINED_SIZE", "@eq 4", "t:none", "/?a=123", true)]
    [InlineData("URLENCODED_ERROR", "@eq 1", "t:none", "/?a=%zz", true)]
    [InlineData("ARGS", "@pm one two", "t:none", "/?a=xTWOx", true)]
    [InlineData("ARGS", "@rx ^(?:a|b)$", "t:none", "/?a=b", true)]
    public void Variables_hold_what_a_request_has(string variables, string operation, string transformations, string target, bool expected)
    {
        var transaction = TextRules.Get(
            $"SecRule {variables} \"{operation}\" \"id:1,phase:2,deny,{transformations}\"", target, ("Host", "example.com"), ("Cookie", "sid=7; theme=dark"));
        Assert.Equal(expected, transaction.Interception is not null);
    }

    [Fact]
    public void A_chain_matches_when_all_its_rules_do_and_each_runs_its_actions()
    {
        const string Rules = """
            SecRule ARGS:a "@streq 1" "id:1,phase:2,deny,status:418,msg:'both %{TX.first}',chain,setvar:tx.first=yes"
              SecRule ARGS:b "@streq 2" "setvar:tx.second=yes"
            """;
        var one = TextRules.Get(Rules, "/?a=1&b=3");
        Assert.Null(one.Interception);
        Assert.Equal(("yes", null), (one.Tx["first"], one.Tx["second"]));

        var both = TextRules.Get(Rules, "/?a=1&b=2");
        Assert.Equal((418, "both yes"), (both.Interception!.Status, both.Interception.Message));
    }

    [Fact]
    public void Every_value_that_matches_adds_to_the_score_and_a_later_rule_decides()
    {
        var transaction = TextRules.Get("""
            SecAction "id:1,phase:1,nolog,pass,setvar:tx.critical=5,setvar:'tx.score=0'"
            SecRule ARGS "@contains bad" "id:2,phase:2,block,capture,setvar:'tx.score=+%{tx.critical}'"
            SecRule TX:score "@ge 10" "id:3,phase:2,deny,msg:'score %{TX.score}'"
            """, "/?a=bad&b=good&c=bad");
        Assert.Equal("score 10", transaction.Interception!.Message);
        Assert.Equal([2, 3], TextRules.Matched(transaction));
    }

    [Fact]
    public void In_detection_nothing_is_stopped_but_it_is_told_what_would_be()
    {
        var transaction = TextRules.Begin("SecAction \"id:1,phase:1,deny\"\nSecAction \"id:2,phase:1,pass\"", EngineMode.DetectionOnly);
        transaction.Run(1);
        Assert.Null(transaction.Interception);
        Assert.Equal(1, transaction.WouldIntercept!.Rule.Id);
        Assert.Equal([1, 2], TextRules.Matched(transaction));
    }

    [Theory]
    [InlineData("skipAfter:END", "1 4")]
    [InlineData("skip:1", "1 3 4")]
    [InlineData("skipAfter:NOWHERE", "1")]
    [InlineData("skipAfter:2", "1 3 4")]
    [InlineData("ctl:ruleRemoveById=2-3", "1 4")]
    [InlineData("ctl:ruleRemoveByTag=^even$", "1 3")]
    [InlineData("ctl:ruleEngine=Off", "1")]
    [InlineData("ctl:ruleRemoveTargetById=3;ARGS:a", "1 2 4")]
    [InlineData("allow:phase", "1")]
    public void Rules_are_passed_over(string action, string expected)
    {
        var transaction = TextRules.Get($"""
            SecAction "id:1,phase:2,{action}"
            SecRule ARGS "@rx ." "id:2,phase:2,pass,tag:even"
            SecRule ARGS "@rx ." "id:3,phase:2,pass"
            SecMarker END
            SecRule ARGS "@rx ." "id:4,phase:2,pass,tag:even"
            """, "/?a=1");
        Assert.Equal(expected, string.Join(' ', TextRules.Matched(transaction)));
    }

    [Fact]
    public void Groups_are_captured_and_those_of_the_match_before_are_gone()
    {
        var transaction = TextRules.Get("""
            SecRule ARGS:a "@rx (a)(b)?(c)" "id:1,phase:2,pass,capture,setvar:tx.one=%{TX.0}-%{TX.1}-%{TX.2}-%{TX.3}"
            SecRule ARGS:b "@rx x" "id:2,phase:2,pass,capture"
            """, "/?a=_ac_&b=x");
        Assert.Equal(("a", "ac-a--c"), (transaction.Tx["one"]![3..4], transaction.Tx["one"]));
        Assert.Equal(("x", null), (transaction.Tx["0"], transaction.Tx["1"]));
    }

    [Fact]
    public void Matched_variables_are_named_for_the_rule_behind()
    {
        var transaction = TextRules.Get("""
            SecRule ARGS_NAMES "@rx ." "id:1,phase:2,pass,nolog,setvar:'TX.count_%{MATCHED_VAR_NAME}=+1'"
            SecRule TX:/count_.*/ "@gt 1" "id:2,phase:2,deny,chain"
              SecRule MATCHED_VARS_NAMES "@rx TX:count_(.*)" "capture,setvar:tx.found=%{TX.1}"
            """, "/?a=1&b=2&a=3");
        Assert.Equal("ARGS_NAMES:a", transaction.Tx["found"]);
    }

    [Fact]
    public void Every_step_is_looked_at_where_a_rule_asks_for_it()
    {
        const string Rules = "SecRule ARGS \"@streq %41\" \"id:1,phase:2,deny,t:none,t:urlDecode,t:lowercase{0}\"";
        Assert.Null(TextRules.Get(string.Format(Rules, ""), "/?a=%2541").Interception);
        Assert.NotNull(TextRules.Get(string.Format(Rules, ",multiMatch"), "/?a=%2541").Interception);
    }

    [Fact]
    public void Persistent_values_outlive_the_exchange_and_expire()
    {
        var clock = new FakeTimeProvider();
        var around = new Surroundings(new PersistentStore(clock));
        var set = TextRules.Compile("""
            SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.hits=+1,expirevar:ip.hits=60"
            SecRule IP:hits "@gt 2" "id:2,phase:1,deny"
            """);
        Assert.Equal((false, false, true), (Hit("a"), Hit("a"), Hit("a")));
        Assert.False(Hit("b"));
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.False(Hit("a"));

        bool Hit(string address)
        {
            var transaction = new Transaction(set, around, EngineMode.On);
            transaction.Set(Variable.RemoteAddr, address);
            transaction.Run(1);
            return transaction.Interception is not null;
        }
    }

    [Theory]
    [InlineData("127.0.0.2", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("no address", false)]
    public async Task A_rule_waits_for_block_lists_and_goes_on_where_it_was(string address, bool isListed)
    {
        var asked = new List<string>();
        var lists = new BlockLists(TimeProvider.System, (name, _) =>
        {
            asked.Add(name);
            return Task.FromResult(name == "2.0.0.127.zen.example.org");
        });
        var transaction = new Transaction(
            TextRules.Compile("""
                SecAction "id:1,phase:1,pass,nolog,setvar:tx.runs=+1"
                SecRule REMOTE_ADDR "@rbl zen.example.org" "id:2,phase:1,pass,capture,setvar:tx.listed=%{TX.0}"
                SecAction "id:3,phase:1,pass,nolog,setvar:tx.runs=+1"
                """),
            TextRules.Around with { BlockLists = lists },
            EngineMode.On);
        transaction.Set(Variable.RemoteAddr, address);
        while (transaction.Run(1) is { } waiting)
        {
            await waiting;
        }

        Assert.Equal(("2", isListed ? address : null), (transaction.Tx["runs"], transaction.Tx["listed"]));
        Assert.Equal(address == "no address" ? 0 : 1, asked.Count);
    }

    [Fact]
    public void What_is_known_of_an_address_becomes_GEO()
    {
        var transaction = new Transaction(
            TextRules.Compile("""
                SecRule REMOTE_ADDR "@geoLookup" "id:1,phase:1,pass,nolog,chain"
                SecRule GEO:COUNTRY_CODE "@streq DE" "setvar:tx.where=%{GEO.COUNTRY_NAME} %{GEO.COUNTRY_CONTINENT}"
                """),
            TextRules.Around with { Countries = Country.Parse("192.0.2.0/24,de,Germany,EU") },
            EngineMode.On);
        transaction.Set(Variable.RemoteAddr, "192.0.2.77");
        transaction.Run(1);
        Assert.Equal("Germany EU", transaction.Tx["where"]);
    }

    [Fact]
    public void A_chain_is_logged_however_often_its_first_rule_matched()
    {
        var target = "/?" + string.Join('&', Enumerable.Range(0, 20).Select(i => $"a{i}=b"));
        var transaction = TextRules.Get("SecRule ARGS \"@streq b\" \"id:1,phase:2,deny,chain\"\nSecRule REQUEST_METHOD \"@streq GET\"", target);
        Assert.Equal("REQUEST_METHOD", Assert.Single(transaction.Matches).Variable);
    }

    [Fact]
    public void A_phase_can_be_allowed_alone()
    {
        var transaction = TextRules.Get("""
            SecAction "id:1,phase:1,allow:phase,nolog"
            SecAction "id:2,phase:1,deny"
            SecAction "id:3,phase:2,deny,status:418"
            """, "/");
        Assert.Equal(418, transaction.Interception!.Status);
    }

    [Fact]
    public void A_redirect_says_where_to()
    {
        var interception = TextRules.Get("SecRule ARGS:a \"@streq 1\" \"id:1,phase:2,redirect:'https://example.com/%{ARGS.a}'\"", "/?a=1").Interception!;
        Assert.Equal((Disruption.Redirect, 302, "https://example.com/1"), (interception.Kind, interception.Status, interception.Location));
    }

    [Fact]
    public void An_expression_that_runs_out_of_time_is_told()
    {
        var transaction = TextRules.Get("SecRule ARGS \"@rx ^(?=(a+)+b)(a+)+$\" \"id:1,phase:2,deny\"", "/?a=" + new string('a', 200) + "b!");
        Assert.Equal(1, transaction.TimedOut!.Id);
        Assert.Equal("1", transaction.Tx["MSC_PCRE_LIMITS_EXCEEDED"]);
    }

    [Fact]
    public void Rules_see_the_response()
    {
        var transaction = TextRules.Get("""
            SecRule RESPONSE_STATUS "@streq 500" "id:1,phase:3,pass"
            SecRule RESPONSE_HEADERS:x-powered-by "@contains php" "id:2,phase:3,pass,t:lowercase"
            SecRule RESPONSE_BODY "@contains stack trace" "id:3,phase:4,deny"
            """, "/");
        transaction.SetResponse(500, "HTTP/1.1", [("X-Powered-By", "PHP/8"), ("Content-Type", "text/html")]);
        transaction.Run(3);
        transaction.SetResponseBody("a stack trace");
        transaction.Run(4);
        Assert.Equal([1, 2, 3], TextRules.Matched(transaction));
        Assert.Equal(403, transaction.Interception!.Status);
    }
}
