using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Binding;
using Xunit;

namespace FilterProxy.Tests.Config.Binding;

public sealed class ConfigBinderTests
{
    [Fact]
    public void A_bare_name_gets_the_defaults()
    {
        var errors = new ConfigErrors();
        var options = (SampleOptions)ConfigBinder.BindOptions(typeof(SampleOptions), null, "sample", default, errors)!;

        Assert.Equal("", errors.ToString());
        Assert.Equal((10, "default", "set"), (options.Permits, options.Text, options.Maybe));
    }

    [Theory]
    [InlineData("{flag: true}", "True")]
    [InlineData("{flag: on}", "True")]
    [InlineData("{flag: no}", "False")]
    public void Booleans_are_bound(string text, string expected) => Assert.Equal(expected, Bind(text).Flag.ToString());

    [Fact]
    public void Numbers_are_bound()
    {
        var options = Bind("{permits: 7, big: -9000000000, ratio: 1.5e3, tiny: 255, count: 3}");

        Assert.Equal((7, -9000000000, 1500d, (byte)255, 3), (options.Permits, options.Big, options.Ratio, options.Tiny, options.Count));
    }

    [Fact]
    public void Texts_keep_what_looks_like_something_else() =>
        Assert.Equal(["1.0", "true", "off", "2024-01-01"], Bind("{names: [1.0, true, off, 2024-01-01]}").Names);

    [Fact]
    public void Enums_durations_sizes_networks_and_urls_are_bound()
    {
        var options = Bind("{mode: sliding_window, window: 250ms, wait: off, size: 64KiB, network: 10.0.0.0/8, address: '::1', issuer: 'https://a.b/', "
            + "id: 6f9619ff-8b86-d011-b42d-00cf4fc964ff}");

        Assert.Equal(SampleMode.SlidingWindow, options.Mode);
        Assert.Equal(TimeSpan.FromMilliseconds(250), options.Window);
        Assert.Equal(TimeSpan.Zero, options.Wait);
        Assert.Equal(65536, options.Size.Bytes);
        Assert.Equal("10.0.0.0/8", options.Network.ToString());
        Assert.Equal("::1", options.Address!.ToString());
        Assert.Equal("https://a.b/", options.Issuer!.ToString());
        Assert.Equal("6f9619ff-8b86-d011-b42d-00cf4fc964ff", options.Id.ToString());
    }

    [Fact]
    public void A_type_with_a_TryParse_of_its_own_is_bound() => Assert.Equal("%PATH%", Bind("{key: '%PATH%'}").Key!.Text);

    [Fact]
    public void A_property_can_have_another_key() => Assert.Equal("x", Bind("{renamed: x}").Other);

    [Fact]
    public void Lists_sets_and_dictionaries_are_bound()
    {
        var options = Bind("{numbers: [1, 2], modes: [fixed_window], set: [b, a], map: {x: 1}, inners: {fixed_window: {path: /p}}}");

        Assert.Equal([1, 2], options.Numbers);
        Assert.Equal([SampleMode.FixedWindow], options.Modes);
        Assert.True(options.Set.SetEquals(["a", "b"]));
        Assert.Equal(1, options.Map["x"]);
        Assert.Equal("/p", options.Inners![SampleMode.FixedWindow].Path);
    }

    [Fact]
    public void A_single_value_stands_for_a_list_of_one() => Assert.Equal(["a"], Bind("{names: a}").Names);

    [Theory]
    [InlineData("{maybe: ~, count: ~}")]
    [InlineData("{maybe: , count: off}")]
    public void What_may_be_absent_can_be_written_as_nothing(string text)
    {
        var options = Bind(text);

        Assert.Null(options.Maybe);
        Assert.Null(options.Count);
    }

    [Fact]
    public void A_list_whose_items_are_commented_out_is_empty() => Assert.Empty(Bind("names:\n  # - a\nmap:\n").Names);

    [Theory]
    [InlineData("{permit: 5}", "c.yaml:1:2: unknown option 'permit' of sample (did you mean 'permits'?)")]
    [InlineData("{zzz: 5}", "c.yaml:1:2: unknown option 'zzz' of sample")]
    [InlineData("{not_bound: x}", "c.yaml:1:2: unknown option 'not_bound' of sample")]
    [InlineData("{inner: {pth: x}}", "c.yaml:1:10: unknown option 'pth' of sample.inner (did you mean 'path'?)")]
    [InlineData("{inner: {zzzzz: x}}", "c.yaml:1:10: unknown option 'zzzzz' of sample.inner (options: path, exploding)")]
    [InlineData("{rules: [{name: a, label: l, x: 1}]}", "c.yaml:1:30: unknown option 'x' of sample.rules[0] (options: name, label)")]
    [InlineData("{window: [1s]}", "c.yaml:1:10: expected a duration like '250ms', got a list")]
    [InlineData("{window: {}}", "c.yaml:1:10: expected a duration like '250ms', got a mapping")]
    [InlineData("{window: }", "c.yaml:1:10: expected a duration like '250ms', got nothing")]
    [InlineData("{window: soon}", "c.yaml:1:10: expected a duration like '250ms', got 'soon'")]
    [InlineData("{flag: 1}", "c.yaml:1:8: expected true or false, got '1'")]
    [InlineData("{permits: many}", "c.yaml:1:11: expected a whole number, got 'many'")]
    [InlineData("{permits: 1.5}", "c.yaml:1:11: expected a whole number, got '1.5'")]
    [InlineData("{permits: 3000000000}", "c.yaml:1:11: '3000000000' is not between -2147483648 and 2147483647")]
    [InlineData("{ratio: NaN}", "c.yaml:1:9: expected a number, got 'NaN'")]
    [InlineData("{ratio: 1e999}", "c.yaml:1:9: expected a number, got '1e999'")]
    [InlineData("{text: ~}", "c.yaml:1:8: expected a text, got nothing")]
    [InlineData("{text: [a]}", "c.yaml:1:8: expected a text, got a list")]
    [InlineData("{mode: sliding}", "c.yaml:1:8: expected one of fixed_window, sliding_window, got 'sliding'")]
    [InlineData("{mode: slidingWindow}", "c.yaml:1:8: expected one of fixed_window, sliding_window, got 'slidingWindow' (did you mean 'sliding_window'?)")]
    [InlineData("{mode: 1}", "c.yaml:1:8: expected one of fixed_window, sliding_window, got '1'")]
    [InlineData("{size: 10m}", "c.yaml:1:8: expected a size like '64KiB' or '10MB', got '10m'")]
    [InlineData("{size: {bytes: 1}}", "c.yaml:1:8: expected a size like '64KiB', got a mapping")]
    [InlineData("{network: 10.0.0.1/8}", "c.yaml:1:11: '10.0.0.1/8' has bits set after its prefix (did you mean '10.0.0.0/8'?)")]
    [InlineData("{address: 10}", "c.yaml:1:11: expected an IP address like '10.0.0.1', got '10'")]
    [InlineData("{issuer: /login}", "c.yaml:1:10: expected a URL like 'https://example.com/', got '/login'")]
    [InlineData("{id: abc}", "c.yaml:1:6: 'abc' is not a valid guid")]
    [InlineData("{key: PATH}", "c.yaml:1:7: a key begins with '%', 'PATH' does not")]
    [InlineData("{key: '%boom'}", "c.yaml:1:7: boom")]
    [InlineData("{key: [a]}", "c.yaml:1:7: expected a text, got a list")]
    [InlineData("{names: {a: b}}", "c.yaml:1:9: expected a list, got a mapping (begin each item with '- ')")]
    [InlineData("{numbers: [1, x]}", "c.yaml:1:15: expected a whole number, got 'x'")]
    [InlineData("{rules: a}", "c.yaml:1:9: expected a list, got 'a'")]
    [InlineData("{map: [1]}", "c.yaml:1:7: expected a mapping, got a list")]
    [InlineData("{map: {x: y}}", "c.yaml:1:11: expected a whole number, got 'y'")]
    [InlineData("{inners: {never: {}}}", "c.yaml:1:11: expected one of fixed_window, sliding_window, got 'never'")]
    [InlineData("{inner: x}", "c.yaml:1:9: expected a mapping of options, got 'x'")]
    [InlineData("{optional_inner: }", "c.yaml:1:18: expected options, got nothing (write {} for the defaults)")]
    [InlineData("{inner: {exploding: it}}", "c.yaml:1:21: 'it' explodes")]
    [InlineData("{rules: [{label: l}]}", "c.yaml:1:10: missing option 'name' of sample.rules[0]")]
    [InlineData("{rules: [{name: a}]}", "c.yaml:1:10: The label field is required.")]
    [InlineData("{permits: 0}", "c.yaml:1:11: The field permits must be between 1 and 1000.")]
    [InlineData("{text: bad}", "c.yaml:1:8: text must not be bad")]
    [InlineData("{text: throw}", "c.yaml:1:1: a rule broke down")]
    [InlineData("[a]", "c.yaml:1:1: expected a mapping of options, got a list")]
    [InlineData("just text", "c.yaml:1:1: expected a mapping of options, got 'just text'")]
    public void What_does_not_fit_is_reported_at_its_place(string text, string error) => AssertRefused(typeof(SampleOptions), text, error);

    [Fact]
    public void All_errors_are_reported_at_once() =>
        AssertRefused(
            typeof(SampleOptions),
            "permit: 1\nwindow: x\ninner:\n  path: [1]\nrules:\n  - {label: a}\n  - {nam: b}\n",
            "c.yaml:1:1: unknown option 'permit' of sample (did you mean 'permits'?)",
            "c.yaml:2:9: expected a duration like '250ms', got 'x'",
            "c.yaml:4:9: expected a text, got a list",
            "c.yaml:6:5: missing option 'name' of sample.rules[0]",
            "c.yaml:7:5: missing option 'name' of sample.rules[1]",
            "c.yaml:7:6: unknown option 'nam' of sample.rules[1] (did you mean 'name'?)");

    [Fact]
    public void What_is_missing_from_a_bare_name_is_reported_where_the_name_is()
    {
        var errors = new ConfigErrors();
        Assert.Null(ConfigBinder.BindOptions(typeof(SampleRule), null, "rule", new SourceLocation("c.yaml", 9, 5), errors));
        Assert.Equal("c.yaml:9:5: missing option 'name' of rule", Assert.Single(errors.Items).ToString());
    }

    [Fact]
    public void A_constructor_that_throws_is_an_error_of_the_configuration() =>
        AssertRefused(typeof(ExplodingOptions), "{}", "c.yaml:1:1: sample refuses to be made: no luck today");

    [Fact]
    public void A_type_that_cannot_be_made_is_an_error_of_the_configuration() =>
        AssertRefused(typeof(PositionalOptions), "{name: x}", "c.yaml:1:1: sample has an option type that cannot be configured: PositionalOptions");

    private static SampleOptions Bind(string text)
    {
        var errors = new ConfigErrors();
        var options = ConfigBinder.BindOptions(typeof(SampleOptions), ConfigText.Read(text), "sample", default, errors);
        Assert.Equal("", errors.ToString());
        return (SampleOptions)options!;
    }

    private static void AssertRefused(Type type, string text, params string[] expected)
    {
        var errors = new ConfigErrors();
        Assert.Null(ConfigBinder.BindOptions(type, ConfigText.Read(text), "sample", default, errors));
        Assert.Equal(expected, errors.Items.Select(error => error.ToString()));
    }
}
