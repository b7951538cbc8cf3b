using FilterProxy.Core.Config;
using Xunit;

namespace FilterProxy.Tests.Config.Binding;

public sealed class ComponentGrammarTests
{
    [Fact]
    public void A_component_is_a_name_or_a_mapping_with_one_key()
    {
        var filters = Filters("""
            - plain
            - empty:
            - with: { permits: 5 }
            - with/login: { permits: 1 }
            - "quoted/second"
            - list: [1, 2]
            """);

        Assert.Equal(["plain", "empty", "with", "with/login", "quoted/second", "list"], filters.Select(filter => filter.Key));
        Assert.Equal([null, null, null, "login", "second", null], filters.Select(filter => filter.Id));
        Assert.Null(filters[0].Options);
        Assert.Null(filters[1].Options);
        Assert.Equal(ConfigText.Read("{permits: 5}"), filters[2].Options);
        Assert.Equal(ConfigText.Read("[1, 2]"), filters[5].Options);
        Assert.Equal("c.yaml:6:7", filters[2].Location.ToString());
    }

    [Fact]
    public void A_single_component_stands_for_a_list_of_one() =>
        Assert.Equal("access_log", Assert.Single(ConfigText.Load(ConfigText.Listener + "http: { filters: access_log }").Http.Filters).Name);

    [Fact]
    public void Components_with_equal_content_are_equal_wherever_they_stand()
    {
        var filters = Filters("- a: {x: 1, y: [2]}\n- b\n- a/i: {x: 1, y: [2]}\n");
        var others = Filters("- b\n- a: {y: ['2'], x: 1}\n- a/i: {x: 1, y: [2], z: 3}\n");

        Assert.Equal(filters[0], others[1]);
        Assert.Equal(filters[0].GetHashCode(), others[1].GetHashCode());
        Assert.Equal(filters[1], others[0]);
        Assert.NotEqual(filters[0], filters[2]);
        Assert.NotEqual(filters[2], others[2]);
    }

    [Theory]
    [InlineData("[{a: {}, b: {}}]", "c.yaml:2:19: expected a component like 'name' or 'name: { options }', got a mapping with several keys")]
    [InlineData("[{}]", "c.yaml:2:19: expected a component like 'name' or 'name: { options }', got an empty mapping")]
    [InlineData("[[a]]", "c.yaml:2:19: expected a component like 'name' or 'name: { options }', got a list")]
    [InlineData("[~]", "c.yaml:2:19: expected a component like 'name' or 'name: { options }', got nothing")]
    [InlineData("[Rate]", "c.yaml:2:19: 'Rate' cannot be the name of a component (names are like 'rate_limit' or 'rate_limit/login')")]
    [InlineData("[rate-limit]", "c.yaml:2:19: 'rate-limit' cannot be the name of a component (names are like 'rate_limit' or 'rate_limit/login')")]
    [InlineData("[rate/]", "c.yaml:2:19: 'rate/' cannot be the name of a component (names are like 'rate_limit' or 'rate_limit/login')")]
    [InlineData("[rate/a/b]", "c.yaml:2:19: 'rate/a/b' cannot be the name of a component (names are like 'rate_limit' or 'rate_limit/login')")]
    [InlineData("{rate: {}}", "c.yaml:2:18: expected a list, got a mapping (begin each item with '- ')")]
    [InlineData("[a, b, a]", "c.yaml:2:25: 'a' is here twice (name a second instance, like 'a/other')")]
    [InlineData("[a: off]", "c.yaml:2:19: there is no 'a' to turn off here (only a route turns off one of http.route_filters)")]
    public void What_is_no_component_is_refused(string filters, string error) =>
        ConfigText.AssertErrors(ConfigText.Listener + "http: { filters: " + filters + " }", error);

    [Fact]
    public void Options_that_are_not_indented_are_recognised() =>
        ConfigText.AssertErrors(
            ConfigText.Listener + "http:\n  filters:\n    - rate_limit:\n      permits: 5\n",
            "c.yaml:4:7: expected a component like 'name' or 'name: { options }', got a mapping with several keys "
            + "(indent the options of 'rate_limit' further)");

    [Fact]
    public void A_plugin_is_a_name_or_a_name_with_its_hash()
    {
        var hash = new string('a', 64);
        var plugins = ConfigText.Load(ConfigText.Listener + $"plugins: [RateLimit, JwtAuth@1.1: {{ sha256: {hash} }}]").Plugins;

        Assert.Equal(["RateLimit", "JwtAuth@1.1"], plugins.Select(plugin => plugin.Name));
        Assert.Equal([null, hash], plugins.Select(plugin => plugin.Sha256));
    }

    [Theory]
    [InlineData("[../evil]", "c.yaml:2:11: '../evil' cannot be the name of a plugin (names are like 'RateLimit' or 'RateLimit@1.1')")]
    [InlineData("['..']", "c.yaml:2:11: '..' cannot be the name of a plugin (names are like 'RateLimit' or 'RateLimit@1.1')")]
    [InlineData("[A: {sha256: 12}]", "c.yaml:2:23: expected 64 hexadecimal digits (sha256sum prints them)")]
    [InlineData("[A: {sha: 12}]", "c.yaml:2:15: unknown option 'sha' of A (options: name, sha256, unloadable)")]
    [InlineData("[A: {name: B}]", "c.yaml:2:15: unknown option 'name' of A (options: sha256, unloadable)")]
    [InlineData("[A: 5]", "c.yaml:2:14: expected a mapping of options, got '5'")]
    [InlineData("[A, A]", "c.yaml:2:14: plugin 'A' is here twice (first at c.yaml:2:11)")]
    public void What_is_no_plugin_is_refused(string plugins, string error) =>
        ConfigText.AssertErrors(ConfigText.Listener + "plugins: " + plugins, error);

    private static IReadOnlyList<ComponentConfig> Filters(string list) =>
        ConfigText.Load(ConfigText.Listener + "http:\n  filters:\n" + string.Concat(list.Split('\n').Select(line => "    " + line + "\n"))).Http.Filters;
}
