using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using FilterProxy.Core.Components;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Components;

/// <summary>What lives beside what, and what goes: versions of a plugin, of its dependencies, and their files.</summary>
public sealed class PluginVersionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-plugins").FullName;

    [Fact]
    public async Task A_file_that_was_replaced_in_place_is_a_new_version_beside_the_old()
    {
        using var store = new PluginStore();
        var file = await PluginCompiler.WriteAsync(_folder, "Stamp", "1.0.0", Stamp("one"));
        var first = Load(store, "Stamp");
        await PluginCompiler.CompileAsync(file, "2.0.0", Stamp("two"));

        var second = Load(store, "Stamp");

        Assert.Equal(("Stamp 1.0.0", "Stamp 2.0.0"), (first.ToString(), second.ToString()));
        Assert.Equal(("one", "two"), (await StampOfAsync(first), await StampOfAsync(second)));
    }

    [Fact]
    public async Task Files_that_hold_the_same_are_the_same_plugin_whatever_their_times()
    {
        using var store = new PluginStore();
        var file = await PluginCompiler.WriteAsync(_folder, "Same", "1.0.0", Stamp("one"));
        var first = Load(store, "Same");
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(1));

        Assert.Same(first, Load(store, "Same"));
    }

    [Fact]
    public async Task A_dependency_that_was_replaced_makes_a_new_version_too()
    {
        using var store = new PluginStore();
        var file = await WithDependencyAsync("Leaning", "1.0.0.0", "old");
        var first = Load(store, "Leaning");
        await PluginCompiler.CompileAsync(Path.Combine(Path.GetDirectoryName(file)!, "Example.Dependency.dll"), "1.0.0.0", Dependency("new"));

        Assert.Equal("new", await StampOfAsync(Load(store, "Leaning")));
        Assert.Equal("old", await StampOfAsync(first));
    }

    [Fact]
    public async Task Plugins_with_conflicting_versions_of_a_dependency_live_side_by_side()
    {
        using var store = new PluginStore();
        await WithDependencyAsync("Left", "1.0.0.0", "from version 1");
        await WithDependencyAsync("Right", "2.0.0.0", "from version 2");

        Assert.Equal(("from version 1", "from version 2"), (await StampOfAsync(Load(store, "Left")), await StampOfAsync(Load(store, "Right"))));
    }

    [Fact]
    public async Task A_copy_of_the_framework_that_a_plugin_brings_is_not_used()
    {
        using var store = new PluginStore();
        var file = await PluginCompiler.WriteAsync(_folder, "Copying", "1.0.0", """
            [Component("stamp")]
            public sealed class Stamp(ComponentContext context) : IResponseFilter
            {
                public ValueTask OnResponseAsync(HttpExchange exchange)
                {
                    Microsoft.Extensions.Logging.ILogger logger = context.Logger;
                    exchange.Response.Headers.Set("x-stamp", logger.GetType().Assembly.GetName().Name!);
                    return default;
                }
            }
            """);
        File.Copy(typeof(Microsoft.Extensions.Logging.ILogger).Assembly.Location, Path.Combine(Path.GetDirectoryName(file)!, "Microsoft.Extensions.Logging.Abstractions.dll"));

        Assert.Equal("FilterProxy.TestKit", await StampOfAsync(Load(store, "Copying")));
    }

    [Fact]
    public async Task Native_libraries_beside_a_plugin_are_found()
    {
        using var store = new PluginStore();
        var file = await PluginCompiler.WriteAsync(_folder, "Native", "1.0.0", """
            using System.Runtime.InteropServices;
            [Component("stamp")]
            public sealed class Stamp : IResponseFilter
            {
                public ValueTask OnResponseAsync(HttpExchange exchange)
                {
                    exchange.Response.Headers.Set("x-stamp", Crc(0, "123456789"u8.ToArray(), 9).ToString("x"));
                    return default;
                }

                [DllImport("example", EntryPoint = "CompressionNative_Crc32")]
                private static extern uint Crc(uint crc, byte[] buffer, int length);
            }
            """);
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var library = Path.Combine(Path.GetDirectoryName(file)!, "libexample.so");
        File.Copy(Path.Combine(framework, "libSystem.IO.Compression.Native.so"), library);
        var plugin = Load(store, "Native");

        // What is loaded is a copy: the file may be replaced at any time.
        File.WriteAllText(library, "gone");
        Assert.Equal("cbf43926", await StampOfAsync(plugin));
    }

    [Fact]
    public async Task An_unloadable_plugin_leaves_the_memory_when_nothing_uses_it_any_more()
    {
        await PluginCompiler.WriteAsync(_folder, "Leaving", "1.0.0", Stamp("one"));
        await using var proxy = await TestProxy.StartAsync(Using("Leaving", "one"), TestTransport.Memory);
        Assert.Equal("one", await AskAsync(proxy));
        var before = ContextOf(proxy);

        // Another content: another context.
        await PluginCompiler.WriteAsync(_folder, "Leaving", "2.0.0", Stamp("two"));
        Assert.Equal("", await proxy.ReloadAsync(Using("Leaving", "two")));
        Assert.Equal("two", await AskAsync(proxy));
        await proxy.SettledAsync();

        await Poll.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !before.IsAlive;
        });
        Assert.True(ContextOf(proxy).IsAlive);
    }

    [Fact]
    public async Task A_plugin_stays_in_memory_unless_it_is_said_to_be_unloadable()
    {
        using var store = new PluginStore();
        await PluginCompiler.WriteAsync(_folder, "Staying", "1.0.0", Stamp("one"));

        Assert.False(Load(store, "Staying").Assembly.IsCollectible);
        Assert.True(Load(store, "Staying", unloadable: true).Assembly.IsCollectible);
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private static string Stamp(string text) => $$"""
        [Component("stamp")]
        public sealed class Stamp(StampOptions options) : IResponseFilter
        {
            public ValueTask OnResponseAsync(HttpExchange exchange)
            {
                exchange.Response.Headers.Set("x-stamp", "{{text}}" + options.More);
                return default;
            }
        }

        public sealed record StampOptions { public string More { get; init; } = ""; }
        """;

    private static string Dependency(string text) => $$"""
        namespace Example;
        public static class Dependency { public static string Text => "{{text}}"; }
        """;

    private async Task<string> WithDependencyAsync(string name, string version, string text)
    {
        var dependency = Path.Combine(_folder, name, "Example.Dependency.dll");
        await PluginCompiler.CompileAsync(dependency, version, Dependency(text));
        return await PluginCompiler.WriteAsync(_folder, name, "1.0.0", """
            [Component("stamp")]
            public sealed class Stamp : IResponseFilter
            {
                public ValueTask OnResponseAsync(HttpExchange exchange)
                {
                    exchange.Response.Headers.Set("x-stamp", Example.Dependency.Text);
                    return default;
                }
            }
            """, dependency);
    }

    private Plugin Load(PluginStore store, string name, bool unloadable = false)
    {
        var loader = new PluginLoader(_folder, new ComponentRegistry(), store);
        Assert.True(loader.TryLoad(name, null, out var error, unloadable), error);
        return Assert.Single(loader.Plugins);
    }

    private static async Task<string?> StampOfAsync(Plugin plugin)
    {
        var registry = new ComponentRegistry();
        Assert.True(registry.Add(plugin, out var error), error);
        Assert.True(registry.TryFind(typeof(IHttpFilter), "stamp", out var descriptor));
        using var context = new TestComponentContext();
        var options = descriptor.OptionsType is { } type ? Activator.CreateInstance(type) : null;
        using var exchange = TestExchange.Get("/");
        await ((IResponseFilter)descriptor.Create(options, context)).OnResponseAsync(exchange);
        return exchange.Response.Headers["x-stamp"];
    }

    private string Using(string plugin, string name) => $$"""
        plugin_path: {{_folder}}
        plugins: [ { {{plugin}}: { unloadable: true } } ]
        routes: [ { name: {{name}}, respond: { status: 200 }, filters: [ { stamp: { more: "" } } ] } ]
        """;

    private static async Task<string?> AskAsync(TestProxy proxy) =>
        (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).Headers["x-stamp"];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference ContextOf(TestProxy proxy) =>
        new(AssemblyLoadContext.GetLoadContext(Assert.Single(proxy.Engine.Current!.Plugins).Assembly));
}
