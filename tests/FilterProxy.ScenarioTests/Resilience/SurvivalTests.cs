using System.Diagnostics;
using System.Text.RegularExpressions;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests.Resilience;

/// <summary>
/// Five upstream processes under constant load through the cluster <c>app</c> of <c>conf/examples/resilience.yaml</c>. One after the other is
/// killed, stopped, slowed down, made to reset and restarted; what clients notice is counted.
/// </summary>
/// <remarks>
/// With other retry policies the same is only counted. Their names, after a comma each, in FILTERPROXY_SURVIVAL, and a logger that shows the
/// output: <c>--logger "console;verbosity=detailed"</c>.
/// </remarks>
[Collection(nameof(Alone))]
public sealed partial class SurvivalTests(ITestOutputHelper output)
{
    private const int Clients = 16;
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(10);

    private const string Example = "example";

    // What stands in place of the example's retry section, by name.
    private static readonly Dictionary<string, string> s_policies = new()
    {
        ["off"] = "    retry: { retries: 0 }\n",
        ["none"] = "",
        ["connect"] = "    retry: { retries: 3, on: [connect_failure] }\n",
        ["default"] = "    retry: {}\n",
        ["hedged"] = "    retry: { retries: 3, on: [gateway_error], budget_percent: 25, budget_min: 20, hedge: { after_percentile: 95 } }\n",
    };

    public static TheoryData<string> Policies => [.. Environment.GetEnvironmentVariable("FILTERPROXY_SURVIVAL")?.Split(',') ?? [Example]];

    [GeneratedRegex("^    retry:\n(      .*\n)*", RegexOptions.Multiline)]
    private static partial Regex RetrySection { get; }

    [GeneratedRegex("127.0.0.1:300(?<n>[1-5])")]
    private static partial Regex Addresses { get; }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Clients_see_no_error_that_could_have_been_avoided(string policy)
    {
        var isExample = policy == Example;
        var none = isExample ? 0 : int.MaxValue;
        output.WriteLine($"policy: {policy}");
        var origins = "abcde".Select(name => new OriginProcess(name.ToString())).ToArray();
        try
        {
            await Task.WhenAll(origins.Select(origin => origin.StartAsync()));
            await using var proxy = await TestProxy.StartAsync(Configure(origins, policy));
            await using var load = new ConstantLoad(proxy.Port, Clients);
            await EvenAsync(load, "before");

            await PhaseAsync(load, "kill", origins[0], origin => origin.KillAsync(), origin => origin.StartAsync(), none);
            await PhaseAsync(load, "reset", origins[1], origin => origin.BehaveAsync("reset"), origin => origin.BehaveAsync("normal"), none);
            await PhaseAsync(load, "restart", origins[2], RestartAsync, _ => Task.CompletedTask, none);
            await PhaseAsync(load, "slow", origins[3], origin => origin.BehaveAsync("slow 150"), origin => origin.BehaveAsync("normal"), none);

            // Those that were on it when it stopped; another attempt may still save them.
            var slowest = await PhaseAsync(load, "stop", origins[4], Done(origin => origin.Stop()), Done(origin => origin.Continue()), isExample ? Clients : none);
            Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(isExample ? 2 : 10));
            Assert.True(load.Count > 5000, $"only {load.Count} requests");
        }
        finally
        {
            foreach (var origin in origins)
            {
                await origin.DisposeAsync();
            }
        }
    }

    // The example as it is, but for where its endpoints are, what it needs beside them, and the policy.
    private static string Configure(OriginProcess[] origins, string policy)
    {
        var text = File.ReadAllText(Repository.At("conf", "examples", "resilience.yaml"));
        var app = Regex.Match(text, "^  app:\n(    .*\n|\n)*", RegexOptions.Multiline).Value;
        Assert.NotEmpty(app);
        app = policy == Example ? app : RetrySection.Replace(app, s_policies[policy]);
        app = Addresses.Replace(app, match => $"127.0.0.1:{origins[int.Parse(match.Groups["n"].Value) - 1].Port}");
        return $"routes: [ {{ name: all, cluster: app }} ]\nclusters:\n{app}  standby: {{ endpoints: [ {{ address: \"127.0.0.1:1\", weight: 0 }} ] }}\n";
    }

    /// <summary>Three seconds of trouble, then its end, and the load even again in time.</summary>
    /// <returns>The longest any request took.</returns>
    private async Task<TimeSpan> PhaseAsync(
        ConstantLoad load, string name, OriginProcess origin, Func<OriginProcess, Task> begin, Func<OriginProcess, Task> end, int mostFailed)
    {
        var began = Stopwatch.GetTimestamp();
        await begin(origin);
        await Task.Delay(TimeSpan.FromSeconds(3));
        await end(origin);
        var recovery = await EvenAsync(load, name);
        var requests = load.Since(began);
        var failed = requests.Where(request => request.Failed).ToList();
        var slowest = requests.Max(request => request.Took);
        output.WriteLine(
            $"{name}: {requests.Count} requests, {failed.Count} failed, slowest {slowest.TotalMilliseconds:0} ms, even again after {recovery.TotalSeconds:0.0} s");
        foreach (var group in failed.GroupBy(request => request.Origin))
        {
            output.WriteLine($"  {group.Count()} x {group.Key.Trim()}");
        }

        Assert.InRange(failed.Count, 0, mostFailed);
        return slowest;
    }

    private async Task<TimeSpan> EvenAsync(ConstantLoad load, string after)
    {
        var began = Stopwatch.GetTimestamp();
        await Poll.UntilAsync(
            async () =>
            {
                await Task.Delay(100);
                var shares = load.Shares(TimeSpan.FromSeconds(1));
                return shares.Count == 5 && shares.Values.All(share => share is > 0.13 and < 0.27);
            },
            Recovery,
            $"the load is even after {after}");
        return Stopwatch.GetElapsedTime(began);
    }

    private static async Task RestartAsync(OriginProcess origin)
    {
        await origin.TerminateAsync();
        await origin.StartAsync();
    }

    private static Func<OriginProcess, Task> Done(Action<OriginProcess> act) => origin =>
    {
        act(origin);
        return Task.CompletedTask;
    };
}
