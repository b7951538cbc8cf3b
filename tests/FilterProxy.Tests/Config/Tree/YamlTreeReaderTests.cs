using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Tree;
using Xunit;
using static FilterProxy.Tests.Config.ConfigText;

namespace FilterProxy.Tests.Config.Tree;

public sealed class YamlTreeReaderTests
{
    [Fact]
    public void Every_node_knows_its_place()
    {
        var root = (ConfigMapping)Read("a: 1\nb:\n  - x\n  - y: \"q\"\n");

        var list = (ConfigSequence)root.Find("b")!.Value;
        var inner = (ConfigMapping)list.Items[1];
        Assert.Equal("c.yaml:1:4", root.Find("a")!.Value.Location.ToString());
        Assert.Equal("c.yaml:2:1", root.Find("b")!.Location.ToString());
        Assert.Equal("c.yaml:3:3", list.Location.ToString());
        Assert.Equal("c.yaml:4:8", inner.Find("y")!.Value.Location.ToString());
    }

    [Fact]
    public void A_JSON_document_is_read_as_the_YAML_it_is() =>
        Assert.Equal(
            Read("a: 1\nb: [1, 2]\n\"c/d\": \"\U0001F600\"\n"),
            Read("{\n\t\"a\":1,\r\n\t\"b\": [1,2], \"c\\/d\": \"\\ud83d\\ude00\" }\n"));

    [Theory]
    [InlineData("", "c.yaml:1:1: the configuration is empty")]
    [InlineData("# only a comment\n", "c.yaml:1:1: the configuration is empty")]
    [InlineData("a: 1\nb: 2\na: 3\n", "c.yaml:3:1: duplicate key 'a' (first at line 1)")]
    [InlineData("{a: 1, a: 2}", "c.yaml:1:8: duplicate key 'a' (first at line 1)")]
    [InlineData("<<: {x: 1}\n<<: {y: 1}\n", "c.yaml:2:1: duplicate key '<<' (first at line 1)")]
    [InlineData("a: !secret 1\n", "c.yaml:1:4: tags like '!secret' are not supported (remove it)")]
    [InlineData("a: 1\n---\nb: 2\n", "c.yaml:2:1: a second document begins here (one file holds one document; remove the '---')")]
    [InlineData("a:\n  - 1\n\tb: 1\n", "c.yaml:3:1: a tab cannot indent (use spaces)")]
    [InlineData("a:\n\tb: 1\n", "c.yaml:2:1: a tab cannot indent (use spaces)")]
    [InlineData("a: \0b\n", "c.yaml:1:4: character U+0000 is not allowed")]
    [InlineData("a: 1\nb: x\u0007\n", "c.yaml:2:5: character U+0007 is not allowed")]
    [InlineData("a: [1, 2\nb: 3", "c.yaml:1:5: this is not valid YAML after here (is a bracket, brace or quote left open?)")]
    [InlineData("? [a]\n: b\n", "c.yaml:1:3: a key must be a plain text")]
    [InlineData("a: *nope\n", "c.yaml:1:4: there is no anchor '&nope' before this alias (to begin a text with '*', quote it: '*nope')")]
    [InlineData("a: &a [*a]\n", "c.yaml:1:8: there is no anchor '&a' before this alias (to begin a text with '*', quote it: '*a')")]
    [InlineData("a: *.example.com\n", "c.yaml:1:4: there is no anchor '&.example.com' before this alias (to begin a text with '*', quote it: '*.example.com')")]
    [InlineData("a: %REQ(x)%\n", "c.yaml:1:4: while scanning for the next token, found character that cannot start any token (quote texts that begin with '%')")]
    [InlineData("a: b: c\n", "c.yaml:1:5: while scanning a plain scalar value, found invalid mapping (check the indentation, or quote a text that contains ': ')")]
    [InlineData("p: { path: /users/{id} }\n", "c.yaml:1:19: while parsing a flow mapping, did not find expected ',' or '}' (inside [ ] and { } quote texts that contain brackets or braces)")]
    [InlineData("- a\nb: 1\n", "c.yaml:2:1: while parsing a block collection, did not find expected '-' indicator (check the indentation and brackets)")]
    [InlineData("a: 'x\n", "c.yaml:1:4: while scanning a quoted scalar, found unexpected end of stream (a quote is left open)")]
    [InlineData("a:\n  <<: [1]\n", "c.yaml:2:7: expected a mapping to merge, got a list")]
    public void What_cannot_be_read_is_reported_at_its_place(string text, string error) => AssertTreeErrors(text, error);

    [Fact]
    public void Several_errors_of_a_readable_document_are_reported_together() =>
        AssertTreeErrors(
            "a: !x 1\nb: ${NOPE}\na: 2\n",
            "c.yaml:1:4: tags like '!x' are not supported (remove it)",
            "c.yaml:2:4: environment variable 'NOPE' is not set ('${NOPE:-default}' gives it a default)",
            "c.yaml:3:1: duplicate key 'a' (first at line 1)");

    [Fact]
    public void An_alias_stands_for_its_anchor() =>
        Assert.Equal(Read("a: {x: 1}\nb: {x: 1}\n"), Read("a: &shared {x: 1}\nb: *shared\n"));

    [Fact]
    public void A_merge_key_adds_what_the_mapping_does_not_say_itself() =>
        Assert.Equal(
            Read("base: {x: 1, y: 2}\nown: {y: 3, x: 1}\n"),
            Read("base: &base {x: 1, y: 2}\nown: {<<: *base, y: 3}\n"));

    [Fact]
    public void Of_several_merged_mappings_the_earlier_goes_first() =>
        Assert.Equal(Read("a: {x: 1, y: 2}"), Read("a: {<<: [{x: 1}, {x: 9, y: 2}]}"));

    [Fact]
    public void Aliases_cannot_make_a_small_file_large()
    {
        var lines = new List<string> { "l0: &l0 [x, x, x, x, x, x, x, x, x, x]" };
        for (var i = 1; i < 12; i++)
        {
            lines.Add($"l{i}: &l{i} [{string.Join(", ", Enumerable.Repeat($"*l{i - 1}", 10))}]");
        }

        var errors = new ConfigErrors();
        Assert.Null(YamlTreeReader.Read(string.Join('\n', lines), "c.yaml", Environment, errors));
        Assert.Equal("aliases make the configuration too large", Assert.Single(errors.Items).Message);
    }

    [Fact]
    public void Nesting_has_a_bound() => AssertTreeErrors(new string('[', 5000), "c.yaml:1:66: this is nested too deeply");

    [Theory]
    [InlineData("a:", true)]
    [InlineData("a: ~", true)]
    [InlineData("a: null", true)]
    [InlineData("a: ''", false)]
    [InlineData("a: 'null'", false)]
    [InlineData("a: ${EMPTY}", false)]
    public void Nothing_is_what_is_left_out_or_a_bare_null(string text, bool isNull) =>
        Assert.Equal(isNull, ((ConfigScalar)((ConfigMapping)Read(text)).Find("a")!.Value).IsNull);
}
