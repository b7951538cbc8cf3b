using System.Diagnostics;
using System.Security.Cryptography;
using FilterProxy.Core.Components;
using Xunit;

namespace FilterProxy.Tests.Components;

public sealed class PluginLoaderTests : IDisposable
{
    private readonly ComponentRegistry _registry = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-plugins").FullName;

    [Theory]
    [InlineData("Headers", "headers")]
    [InlineData("AccessLog", "access_log")]
    [InlineData("HelloFilter", "hello")]
    public void A_plugin_brings_its_components(string plugin, string component)
    {
        Assert.True(new PluginLoader(Plugins.Folder, _registry).TryLoad(plugin, null, out var error), error);

        Assert.True(_registry.TryFind(typeof(IHttpFilter), component, out var descriptor));
        Assert.Equal(plugin, descriptor.Plugin);
    }

    [Fact]
    public void A_plugin_named_twice_is_loaded_once()
    {
        var loader = new PluginLoader(Plugins.Folder, _registry);

        Assert.True(loader.TryLoad("Headers", null, out _));
        Assert.True(loader.TryLoad("Headers", null, out var error), error);
    }

    [Fact]
    public void A_plugin_that_is_not_there_is_said_to_be_missing()
    {
        Assert.False(new PluginLoader(Plugins.Folder, _registry).TryLoad("Nothing", null, out var error));

        Assert.StartsWith("plugin 'Nothing' was not found", error);
    }

    [Theory]
    [InlineData("../Headers")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("@1.0")]
    [InlineData("..@1.0")]
    [InlineData("Headers/../Headers")]
    [InlineData("Headers\0")]
    public void A_name_cannot_lead_out_of_the_plugin_folder(string name)
    {
        Assert.False(new PluginLoader(Plugins.Folder, _registry).TryLoad(name, null, out var error));

        Assert.Contains("is no plugin name", error);
    }

    [Fact]
    public void A_pinned_plugin_is_loaded_when_its_hash_fits()
    {
        var hash = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Plugins.FileOf("Headers"))));

        Assert.True(new PluginLoader(Plugins.Folder, _registry).TryLoad("Headers", hash, out var error), error);
    }

    [Fact]
    public void A_pinned_plugin_with_another_hash_is_refused_and_nothing_of_it_is_taken()
    {
        Assert.False(new PluginLoader(Plugins.Folder, _registry).TryLoad("Headers", new string('0', 64), out var error));

        Assert.Contains("is not the pinned file: its sha256 is", error);
        Assert.False(_registry.TryFind(typeof(IHttpFilter), "headers", out _));
    }

    [Fact]
    public void A_file_that_is_no_assembly_is_refused()
    {
        Write("Broken", "not an assembly"u8.ToArray());

        AssertRefused("Broken", "plugin 'Broken' could not be loaded");
    }

    [Fact]
    public void An_assembly_that_does_not_know_the_contract_is_no_plugin()
    {
        Write("Stranger", PluginImage.Referencing("Something.Else", new Version(1, 0)));

        AssertRefused("Stranger", "does not reference FilterProxy.Abstractions");
    }

    [Fact]
    public void A_plugin_for_a_newer_contract_asks_for_a_newer_host()
    {
        var host = Plugins.ContractVersion;
        Write("Newer", PluginImage.Referencing("FilterProxy.Abstractions", new Version(host.Major, host.Minor + 1, 0, 0)));

        AssertRefused("Newer", "update the host");
    }

    [Fact]
    public void A_plugin_for_another_major_contract_is_refused_with_both_versions()
    {
        var host = Plugins.ContractVersion;
        Write("Major", PluginImage.Referencing("FilterProxy.Abstractions", new Version(host.Major + 1, 0, 0, 0)));

        AssertRefused("Major", $"needs contract {host.Major + 1}.0, this host offers {host.Major}.{host.Minor}: update the host");
    }

    [Fact]
    public void A_plugin_for_an_older_minor_contract_is_loaded()
    {
        var host = Plugins.ContractVersion;
        Assert.True(host.Minor > 0, "There is no older minor version yet.");
        Write("Older", PluginImage.Referencing("FilterProxy.Abstractions", new Version(host.Major, host.Minor - 1, 0, 0)));

        Assert.True(new PluginLoader(_folder, _registry).TryLoad("Older", null, out var error), error);
    }

    [Fact]
    public void A_plugin_for_a_newer_runtime_says_what_to_build_it_for()
    {
        var host = Environment.Version.Major;
        Write("Ahead", PluginImage.Referencing(("FilterProxy.Abstractions", Plugins.ContractVersion), ("System.Runtime", new Version(host + 1, 0, 0, 0))));

        AssertRefused("Ahead", $"is built for .NET {host + 1}, this host runs on .NET {host}: build the plugin for net{host}.0, or update the host");
    }

    [Fact]
    public void A_version_is_part_of_the_folder_and_not_of_the_file()
    {
        Write("Versioned@1.2", PluginImage.WithFilter("Versioned", "versioned"));

        Assert.True(new PluginLoader(_folder, _registry).TryLoad("Versioned@1.2", null, out var error), error);
    }

    [Fact]
    public void Two_versions_of_a_plugin_in_one_configuration_are_refused()
    {
        Write("Twice@1.0", PluginImage.WithFilter("Twice", "twice"));
        Write("Twice@2.0", PluginImage.WithFilter("Twice", "twice"));
        var loader = new PluginLoader(_folder, _registry);

        Assert.True(loader.TryLoad("Twice@1.0", null, out _));
        Assert.False(loader.TryLoad("Twice@2.0", null, out var error));
        Assert.Equal("plugin 'Twice@2.0' cannot be loaded beside 'Twice@1.0': name one version of it", error);
    }

    [Fact]
    public void A_plugin_that_is_installed_in_versions_only_is_told_of_them()
    {
        Write("Here@1.0", PluginImage.WithFilter("Here", "here"));
        Write("Here@1.1", PluginImage.WithFilter("Here", "here"));

        AssertRefused("Here", "(did you mean 'Here@1.0' or 'Here@1.1'?)");
    }

    [Fact]
    public void A_folder_of_another_name_than_its_plugin_is_told_so()
    {
        Write("Renamed", PluginImage.WithFilter("Renamed", "renamed"));
        Directory.Move(Path.Combine(_folder, "Renamed"), Path.Combine(_folder, "Other"));

        AssertRefused("Other", "(the folder holds FilterProxy.Filters.Renamed.dll: the folder's name must be that of the plugin)");
    }

    [Fact]
    public void A_component_whose_name_is_taken_is_refused_with_the_plugin_that_has_it()
    {
        Assert.True(new PluginLoader(Plugins.Folder, _registry).TryLoad("Headers", null, out _));
        Write("Clash", PluginImage.WithFilter("Clash", "headers"));

        AssertRefused("Clash", "component 'headers' is there already, from plugin Headers");
    }

    [Fact]
    public void A_plugin_that_was_refused_is_refused_again()
    {
        Assert.True(new PluginLoader(Plugins.Folder, _registry).TryLoad("Headers", null, out _));
        Write("ClashAgain", PluginImage.WithFilter("ClashAgain", "headers"));
        var loader = new PluginLoader(_folder, _registry);

        Assert.False(loader.TryLoad("ClashAgain", null, out _));
        Assert.False(loader.TryLoad("ClashAgain", null, out _));
    }

    [Fact]
    public void A_component_whose_constructor_wants_something_else_is_refused()
    {
        Write("Greedy", PluginImage.WithFilter("Greedy", "greedy", typeof(int), typeof(string)));

        AssertRefused("Greedy", "its constructor may take its options and a ComponentContext, nothing else");
    }

    [Fact]
    public void Fifty_plugins_are_loaded_in_less_than_two_seconds()
    {
        for (var i = 0; i < 50; i++)
        {
            Write($"Many{i}", PluginImage.WithFilter($"Many{i}", $"many_{i}"));
        }

        // The best of some: other tests run beside this one.
        var best = Enumerable.Range(0, 3).Min(_ =>
        {
            var clock = Stopwatch.StartNew();
            var loader = new PluginLoader(_folder, new ComponentRegistry());
            Assert.All(Enumerable.Range(0, 50), i => Assert.True(loader.TryLoad($"Many{i}", null, out var error), error));
            return clock.Elapsed;
        });
        Assert.InRange(best, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private void AssertRefused(string name, string reason)
    {
        Assert.False(new PluginLoader(_folder, _registry).TryLoad(name, null, out var error));
        Assert.Contains(reason, error);
    }

    private void Write(string name, byte[] image)
    {
        Directory.CreateDirectory(Path.Combine(_folder, name));
        File.WriteAllBytes(Path.Combine(_folder, name, $"FilterProxy.Filters.{name.Split('@')[0]}.dll"), image);
    }
}
