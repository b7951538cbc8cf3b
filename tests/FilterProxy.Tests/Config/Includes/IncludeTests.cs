using Xunit;

namespace FilterProxy.Tests.Config.Includes;

public sealed class IncludeTests : IDisposable
{
    private const string Listener = "listeners: { web: { address: '127.0.0.1:0' } }\n";
    private const string App = "routes: [ { name: a, cluster: a } ]\nclusters: { a: { endpoints: ['127.0.0.1:1'] } }\n";

    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mappings_are_joined_by_name_and_lists_concatenated_in_the_order_of_the_files()
    {
        var config = _folder
            .Write("main.yaml", "include: conf.d/*.yaml\nplugins: [ One ]\n" + Listener + "routes: [ { name: first, respond: {} } ]\n")
            .Write("conf.d/20-b.yaml", App.Replace("a", "b", StringComparison.Ordinal).Replace("nbme", "name", StringComparison.Ordinal))
            .Write("conf.d/10-a.yaml", "plugins: Two\n" + App)
            .Write("conf.d/.hidden.yaml", "nonsense")
            .Write("conf.d/readme.txt", "nonsense")
            .Load();

        Assert.Equal(["first", "a", "b"], config.Routes.Select(route => route.Name));
        Assert.Equal(["a", "b"], config.Clusters.Keys);
        Assert.Equal(["One", "Two"], config.Plugins.Select(plugin => plugin.Name));
    }

    [Fact]
    public void A_record_is_joined_key_by_key()
    {
        var config = _folder
            .Write("main.yaml", "include: [ a.yaml, b.yaml ]\n" + Listener + "http: { allow_connect: true, limits: { header_count: 5 } }\n")
            .Write("a.yaml", "http: { limits: { connections: 7 } }")
            .Write("b.yaml", "http:\nroutes:\n")
            .Load();

        Assert.Equal((true, 5, 7), (config.Http.AllowConnect, config.Http.Limits.HeaderCount, config.Http.Limits.Connections));
    }

    [Fact]
    public void An_included_file_may_include_others_relative_to_itself()
    {
        var config = _folder
            .Write("main.yaml", "include: sites/all.yaml\n" + Listener)
            .Write("sites/all.yaml", "include: parts/a.yaml\n")
            .Write("sites/parts/a.yaml", App)
            .Load();

        Assert.Equal(["a"], config.Clusters.Keys);
    }

    [Fact]
    public void The_files_read_and_the_folders_searched_are_known()
    {
        _folder
            .Write("main.yaml", "include: [ conf.d/*.yaml, one.yaml ]\n" + Listener + "http: { server_header: '${file:name.txt}' }\n")
            .Write("conf.d/a.yaml", App).Write("one.yaml", "{}").Write("name.txt", "x\n");

        var config = _folder.Load();

        Assert.Equal([_folder.At("conf.d/a.yaml"), _folder.At("main.yaml"), _folder.At("name.txt"), _folder.At("one.yaml")], config.Sources.Files.Select(file => file.Path));
        Assert.Equal([_folder.At("conf.d")], config.Sources.Folders);
    }

    [Fact]
    public void The_files_at_fault_are_known_as_well()
    {
        _folder.Write("main.yaml", "include: [ broken.yaml, missing.yaml ]\n" + Listener).Write("broken.yaml", "a: [")
            .AssertErrors(
                "~/broken.yaml:1:5: the file ends in the middle of something (is it written completely? a bracket, brace or quote is left open)",
                "~/main.yaml:1:25: '~/missing.yaml': there is no such file (looked for ~/missing.yaml)");

        Assert.Equal([_folder.At("broken.yaml"), _folder.At("main.yaml"), _folder.At("missing.yaml")], _folder.Sources.Files.Select(file => file.Path));
    }

    [Fact]
    public void An_error_carries_the_name_of_the_included_file() =>
        _folder.Write("main.yaml", "include: conf.d/*.yaml\n" + Listener)
            .Write("conf.d/a.yaml", "clusters:\n  a:\n    endpoints: [ '127.0.0.1:1' ]\n    conect_timeout: 1s\n")
            .Write("conf.d/b.yaml", "routes:\n  - cluster: c\n")
            .AssertErrors(
                "~/conf.d/a.yaml:4:5: unknown option 'conect_timeout' of clusters.a (did you mean 'connect_timeout'?)",
                "~/conf.d/b.yaml:2:14: there is no cluster 'c' (did you mean 'a'?)");

    [Fact]
    public void A_name_defined_twice_names_both_places() =>
        _folder.Write("main.yaml", "include: b.yaml\n" + Listener + App)
            .Write("b.yaml", "clusters:\n  a: { endpoints: ['127.0.0.1:2'] }\nroutes:\n  - { name: a, cluster: a }\nhttp: { allow_connect: true }\n")
            .AssertErrors(
                "~/b.yaml:2:3: 'clusters.a' is defined twice (first at ~/main.yaml:4:13)",
                "~/b.yaml:4:13: another route is called 'a' (first at ~/main.yaml:3:19)");

    [Fact]
    public void A_key_set_twice_names_both_places() =>
        _folder.Write("main.yaml", "include: b.yaml\nhttp: { filters: [], server_header: a }\n" + Listener)
            .Write("b.yaml", "http: { filters: [ x ], server_header: b }\nsamples: true")
            .AssertErrors(
                "~/b.yaml:1:9: 'http.filters' is set twice (first at ~/main.yaml:2:9)",
                "~/b.yaml:1:25: 'http.server_header' is set twice (first at ~/main.yaml:2:22)");

    [Fact]
    public void A_file_that_includes_itself_is_refused() =>
        _folder.Write("main.yaml", "include: main.yaml\n" + Listener)
            .AssertErrors("~/main.yaml:1:10: 'main.yaml' includes itself (main.yaml → main.yaml)");

    [Fact]
    public void Files_that_include_each_other_are_refused_with_the_way_round() =>
        _folder.Write("main.yaml", Listener + "include: a.yaml\n").Write("a.yaml", "include: d/b.yaml").Write("d/b.yaml", "include:\n  - ../a.yaml")
            .AssertErrors("~/d/b.yaml:2:5: 'a.yaml' includes itself (a.yaml → b.yaml → a.yaml)");

    [Fact]
    public void A_pattern_that_takes_in_its_own_file_is_refused() =>
        _folder.Write("main.yaml", "include: '*.yaml'\n" + Listener)
            .AssertErrors("~/main.yaml:1:10: 'main.yaml' includes itself (main.yaml → main.yaml)");

    [Fact]
    public void A_file_included_twice_is_refused() =>
        _folder.Write("main.yaml", "include: [ a.yaml, '?.yaml' ]\n" + Listener).Write("a.yaml", App)
            .AssertErrors("~/main.yaml:1:20: '~/a.yaml' is included twice (first at ~/main.yaml:1:12)");

    [Theory]
    [InlineData("missing.yaml", "'~/missing.yaml': there is no such file (looked for ~/missing.yaml)")]
    [InlineData("conf.d", "'~/conf.d': the file cannot be read (it is a folder)")]
    [InlineData("dangling.yaml", "'~/dangling.yaml': there is no such file (looked for ~/dangling.yaml)")]
    [InlineData("nowhere/*.yaml", "there is no folder '~/nowhere' (looked for ~/nowhere)")]
    [InlineData("'*/a.yaml'", "only the name of an included file may have wildcards (include: [a/*.yaml, b/*.yaml])")]
    [InlineData("''", "an include needs the path of a file (include: conf.d/*.yaml)")]
    public void What_cannot_be_included_is_an_error_where_it_is_written(string include, string error)
    {
        // Tests may run as root, for whom no file is unreadable: a folder and a link that leads nowhere stand for one.
        _folder.Write("main.yaml", $"{Listener}include: {include}\n").Write("conf.d/a.yaml", "{}");
        File.CreateSymbolicLink(_folder.At("dangling.yaml"), _folder.At("gone.yaml"));

        _folder.AssertErrors($"~/main.yaml:2:10: {error}");
    }

    [Fact]
    public void A_pattern_that_fits_nothing_includes_nothing()
    {
        _folder.Write("main.yaml", "include: conf.d/*.yaml\n" + Listener).Write("conf.d/a.txt", "");

        Assert.Empty(_folder.Load().Routes);
    }

    [Theory]
    [InlineData("", "1:1: the file is empty (was it cut short? '{}' says that nothing is meant)")]
    [InlineData("# nothing\n\n", "1:1: the file is empty (was it cut short? '{}' says that nothing is meant)")]
    [InlineData("~", "1:1: the configuration is empty")]
    [InlineData("routes", "1:1: expected a mapping, got 'routes'")]
    [InlineData("include: { a: b }", "1:10: expected a text, got a mapping")]
    [InlineData("include: [ [] ]", "1:12: expected a text, got a list")]
    public void An_included_file_that_is_no_configuration_is_refused(string text, string error)
    {
        _folder.Write("main.yaml", "include: a.yaml\n" + Listener).Write("a.yaml", text);
        _folder.AssertErrors($"~/a.yaml:{error}");
    }
}
