using System.Globalization;
using System.Text.RegularExpressions;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>One configuration after the other while clients ask without a pause: no request may notice.</summary>
public sealed class ReloadUnderLoadTests
{
    [Theory]
    [InlineData("direct")]
    [InlineData("sockets")]
    public Task Not_one_request_fails_while_the_configuration_changes(string io) => RunAsync(io, 11);

    [Theory, Trait("suite", "long")]
    [InlineData("direct")]
    [InlineData("sockets")]
    public Task Not_one_request_fails_while_the_configuration_changes_fifty_times(string io) => RunAsync(io, 55);

    [Fact]
    public async Task Replaced_configurations_leave_nothing_behind()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(LoadLoop.Mark));
        await using var proxy = await TestProxy.StartAsync(ReloadTests.To(upstream), TestTransport.Direct, typeof(LivingFilter));
        var key = Guid.NewGuid().ToString();
        var loops = Enumerable.Range(0, 4).Select(_ => new LoadLoop(proxy.Port)).ToArray();
        var running = loops.Select(loop => loop.RunAsync()).ToArray();
        var snapshots = new List<WeakReference>();
        for (var i = 0; i < 50; i++)
        {
            snapshots.Add(await ReloadAsync(proxy, ReloadTests.To(upstream, $"living: {{ key: {key}, value: v{i} }}")));
        }

        await proxy.SettledAsync();
        await proxy.StopAsync(TimeSpan.FromSeconds(10));
        await Task.WhenAll(running);

        Assert.Empty(loops.SelectMany(loop => loop.Cut));
        Assert.Equal((50, 49), (Lives.Of(key).Started, Lives.Of(key).Ended));
        await Poll.UntilAsync(() =>
        {
            GC.Collect();
            return snapshots.SkipLast(1).All(snapshot => !snapshot.IsAlive);
        });
    }

    private static async Task<WeakReference> ReloadAsync(TestProxy proxy, string yaml)
    {
        Assert.Equal("", await proxy.ReloadAsync(yaml));
        return new WeakReference(proxy.Engine.Snapshot);
    }

    private static async Task RunAsync(string io, int changes)
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Ok(new string('x', 2_000) + LoadLoop.Mark));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok(new string('y', 2_000) + LoadLoop.Mark));
        using var first = new TestCertificate("localhost");
        using var second = new TestCertificate("localhost");
        var (port, tls, more) = (ServerProcess.FreePort(), ServerProcess.FreePort(), ServerProcess.FreePort());
        var variant = new Variant(port, tls, io, one.Port, two.Port);
        using var file = new ConfigFile(variant.ToYaml());
        first.WriteTo(file.Folder);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        var loops = Enumerable.Range(0, 8).Select(_ => new LoadLoop(port)).ToArray();
        var running = loops.Select(loop => loop.RunAsync()).ToArray();
        await Poll.UntilAsync(() => loops.All(loop => loop.Answered > 20), TimeSpan.FromSeconds(30));
        var (descriptors, memory) = (proxy.Descriptors, 0L);

        for (var i = 0; i < changes; i++)
        {
            var isBroken = false;
            variant = variant with { Number = i };
            switch (i % 11)
            {
                case 0: variant = variant with { Endpoints = variant.Endpoints == 1 ? 2 : 1 }; break;
                case 1: variant = variant with { Header = $"number-{i}" }; break;
                case 2: variant = variant with { Routes = 1 + (i % 5) }; break;
                case 3: variant = variant with { More = variant.More == 0 ? more : 0 }; break;
                case 4: (i % 2 == 0 ? second : first).WriteTo(file.Folder); break;
                case 5: variant = variant with { Io = variant.Io == "direct" ? "sockets" : "direct" }; break;
                case 6: variant = variant with { Timeout = 10 + (i % 7) }; break;
                case 7: isBroken = true; await file.ReplaceAsync(variant.ToYaml() + "\nroutes: ["); break;
                case 8: isBroken = true; await file.ReplaceAsync(variant.ToYaml().Replace("cluster: origin", "cluster: orign", StringComparison.Ordinal)); break;
                case 9: variant = variant with { Name = variant.Name == "web" ? "front" : "web" }; break;
                case 10: variant = variant with { Log = variant.Log == "text" ? "json" : "text" }; break;
            }

            var before = Counts(proxy);
            if (!isBroken)
            {
                await file.ReplaceAsync(variant.ToYaml());
            }

            if (i % 3 == 0)
            {
                proxy.Signal(ProxyProcess.SigHup);
            }

            await Poll.UntilAsync(() => isBroken ? Counts(proxy).Refused > before.Refused : Counts(proxy).Applied > before.Applied, TimeSpan.FromSeconds(30));
            if (i == 10)
            {
                memory = proxy.Resident;
            }
        }

        Assert.Contains("proxy.yaml:", proxy.Error, StringComparison.Ordinal);
        Assert.Contains("did you mean 'origin'", proxy.Error, StringComparison.Ordinal);
        Assert.Empty(loops.SelectMany(loop => loop.Cut));
        Assert.Equal(0, loops.Sum(loop => loop.Unanswered));

        // Connections to the upstreams, a listener and log files come and go: a few either way are none of them.
        await Poll.UntilAsync(() => proxy.Descriptors <= descriptors + 24, TimeSpan.FromSeconds(30));
        Assert.InRange(proxy.Resident, 0, memory + (40 << 20));
        proxy.Signal(ProxyProcess.SigTerm);
        Assert.Equal(0, await proxy.ExitAsync());
        await Task.WhenAll(running);
    }

    private static (int Applied, int Refused) Counts(ProxyProcess proxy)
    {
        var text = proxy.Error;
        return (Regex.Count(text, "is in force"), Regex.Count(text, "is refused"));
    }

    private sealed record Variant(int Port, int Tls, string Io, int One, int Two)
    {
        public int Number { get; init; }

        public int Endpoints { get; init; } = 1;

        public string Header { get; init; } = "none";

        public int Routes { get; init; } = 1;

        public int More { get; init; }

        public int Timeout { get; init; } = 5;

        public string Name { get; init; } = "web";

        public string Log { get; init; } = "text";

        public string ToYaml()
        {
            var more = More == 0 ? "" : $"more: {{ address: \"127.0.0.1:{More}\" }},";
            var routes = string.Join("\n", Enumerable.Range(0, Routes).Select(i => $"  - {{ name: r{i}, match: {{ path: /r{i}/* }}, cluster: origin }}"));
            var endpoints = Endpoints == 1 ? $"\"127.0.0.1:{One}\"" : $"\"127.0.0.1:{One}\", \"127.0.0.1:{Two}\"";
            return string.Create(CultureInfo.InvariantCulture, $$"""
                # {{Number}}
                plugins: [Headers, AccessLog]
                http:
                  route_filters:
                    - headers: { response: { set: { x-config: {{Header}} } } }
                    - access_log: { path: access.log, format: {{Log}} }
                listeners: {
                  {{Name}}: { address: "127.0.0.1:{{Port}}", io: {{Io}} }, {{more}}
                  secure: { address: "127.0.0.1:{{Tls}}", filters: [ { tls: { certificates: [ { file: { cert: cert.pem, key: key.pem, default: true } } ] } } ] } }
                routes:
                {{routes}}
                  - { name: all, cluster: origin }
                clusters: { origin: { endpoints: [{{endpoints}}], connect_timeout: {{Timeout}}s } }
                """);
        }
    }
}
