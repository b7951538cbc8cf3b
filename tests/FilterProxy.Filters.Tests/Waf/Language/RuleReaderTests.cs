using FilterProxy.Filters.Waf.Language;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Language;

public sealed class RuleReaderTests
{
    [Fact]
    public void Lines_are_joined_quotes_removed_and_comments_skipped()
    {
        var directives = DirectiveReader.Read("a.conf", "# one \\\nSecRule ARGS \"@rx a\\\"b\\\\c\" \\\n  \"id:1,\\\n  pass\"\n\n  SecMarker 'END'\r\n");

        Assert.Equal(["SecRule", "SecMarker"], directives.Select(directive => directive.Name));
        Assert.Equal(["ARGS", "@rx a\"b\\c", "id:1,  pass"], directives[0].Arguments);
        Assert.Equal((2, 6), (directives[0].Line, directives[1].Line));
        Assert.Equal("END", directives[1].Single());
    }

    [Theory]
    [InlineData("SecRule ARGS \"@rx a\" \"id:1\"\nSecRulle ARGS x \"id:2\"", "rules.conf:2: unknown directive 'SecRulle'")]
    [InlineData("SecRule ARGZ \"@rx a\" \"id:1\"", "rules.conf:1: unknown variable 'ARGZ'")]
    [InlineData("SecRule ARGS \"@rx a", "rules.conf:1: a quote is not closed")]
    [InlineData("SecRule ARGS \"@rx a\" \"pass\"", "rules.conf:1: a rule has no id")]
    [InlineData("SecRule ARGS a \"id:1\"\nSecRule ARGS a \"id:1\"", "rules.conf:2: there is a rule 1 already")]
    [InlineData("SecRule ARGS a \"id:1,chain\"", "rules.conf:1: a chain has no end")]
    [InlineData("SecRule ARGS a \"id:1,chain\"\nSecMarker X", "rules.conf:2: SecMarker stands within a chain")]
    [InlineData("SecAction \"id:1,setvar:args.x=1\"", "rules.conf:1: rule 1: ARGS cannot be written")]
    [InlineData("SecAction \"id:1,frobnicate\"", "rules.conf:1: rule 1: unknown action 'frobnicate'")]
    [InlineData("SecAction \"id:1,t:rot13\"", "rules.conf:1: rule 1: unknown transformation 'rot13'")]
    [InlineData("SecRule ARGS \"@near a\" \"id:1\"", "rules.conf:1: rule 1: unknown operator '@near'")]
    [InlineData("SecRule ARGS \"@rx (a\" \"id:1\"", "rules.conf:1: rule 1: a '(' is not closed (at character 3)")]
    [InlineData("SecRule ARGS \"@pmFromFile no.data\" \"id:1\"", "rules.conf:1: rule 1: no.data is missing")]
    [InlineData("\n\nInclude other.conf", "rules.conf:3: other.conf is missing")]
    [InlineData("<IfModule x>", "rules.conf:1: '<IfModule' is a section of a web server's configuration, not a rule")]
    [InlineData("SecAction \"id:1,msg:'a\"", "rules.conf:1: a quote in the list of actions is not closed")]
    [InlineData("SecRuleEngine Perhaps", "rules.conf:1: 'Perhaps' is none of On, Off, DetectionOnly")]
    public void An_error_names_its_file_and_line(string rules, string expected) =>
        Assert.Equal(expected, Assert.Throws<SecLangException>(() => TextRules.Compile(rules)).Message);

    [Fact]
    public void Files_are_included_in_order_and_errors_name_the_included_one()
    {
        var files = new TextRules()
            .With("rules.conf", "Include b*.conf\nIncludeOptional missing.conf\nSecAction \"id:9\"")
            .With("b2.conf", "SecAction \"id:2\"")
            .With("b1.conf", "SecAction \"id:1\"");
        Assert.Equal([1, 2, 9], RuleReader.Read(["rules.conf"], files).Rules.Select(rule => (int)rule.Id));

        files.With("b2.conf", "\nSecNothing");
        Assert.StartsWith("b2.conf:2: ", Assert.Throws<SecLangException>(() => RuleReader.Read(["rules.conf"], files)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_includes_itself_is_refused() =>
        Assert.Contains("too deeply", Assert.Throws<SecLangException>(() => TextRules.Compile("Include rules.conf")).Message, StringComparison.Ordinal);

    [Fact]
    public void Rules_are_taken_away_by_number_tag_and_message()
    {
        var book = TextRules.Book("""
            SecAction "id:10"
            SecAction "id:11"
            SecAction "id:20,tag:'attack-sqli'"
            SecAction "id:30,msg:'Some thing'"
            SecAction "id:40"
            SecRuleRemoveById 10-19
            SecRuleRemoveByTag sqli$
            SecRuleRemoveByMsg "some thing"
            """);
        Assert.Equal(40, Assert.Single(book.Rules).Id);
    }

    [Fact]
    public void Targets_and_actions_are_changed()
    {
        var book = TextRules.Book("""
            SecRule ARGS|ARGS_NAMES "@rx a" "id:1,phase:2,deny,t:none,t:lowercase,msg:'old',tag:'x'"
            SecRuleUpdateTargetById 1 "!ARGS:password"
            SecRuleUpdateTargetByTag x "REQUEST_BODY" "ARGS_NAMES"
            SecRuleUpdateActionById 1 "pass,t:none,msg:'new',tag:'y'"
            """);
        var rule = Assert.Single(book.Rules);
        Assert.Equal("ARGS !ARGS:password REQUEST_BODY", string.Join(' ', rule.Targets!));
        Assert.Equal("id phase tag pass t msg tag", string.Join(' ', rule.Actions.Select(action => action.Name)));
    }

    [Theory]
    [InlineData("ARGS:foo|!REQUEST_COOKIES:/__utm/|&TX:'/^a|b/'|XML:/*", "ARGS:foo !REQUEST_COOKIES:/__utm/ &TX:/^a|b/ XML:/*")]
    [InlineData("TX:/^MSC_/ , REQUEST_URI", "TX:/^MSC_/ REQUEST_URI")]
    [InlineData("ARGS:/a|b/|FILES", "ARGS:/a|b/ FILES")]
    [InlineData("XML://@*", "XML://@*")]
    public void Lists_of_variables_are_read(string text, string expected) => Assert.Equal(expected, string.Join(' ', Target.ParseList(text)));

    [Fact]
    public void A_marker_without_rule_and_default_actions_are_taken()
    {
        var set = TextRules.Compile("""
            SecDefaultAction "phase:2,nolog,deny,status:418,t:lowercase"
            SecAction "id:1,skipAfter:END"
            SecRule ARGS a "id:2,block"
            SecMarker END
            SecRule ARGS a "id:3,pass,t:none,log"
            """);
        var rules = set.ByPhase[2];
        Assert.Equal((2, 418, false), (rules[0].SkipTo, rules[1].Status, rules[1].Logs));
        Assert.Equal(FilterProxy.Filters.Waf.Engine.Disruption.Deny, rules[1].Disruption);
        Assert.Equal((0, true), (rules[2].Form, rules[2].Logs));
    }
}
