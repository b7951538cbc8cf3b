using System.Diagnostics;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.RateLimits;

/// <summary>Three proxies in processes of their own that count in one redis.</summary>
public sealed class SharedLimitTests
{
    private const string Request = "GET /api/x HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\n\r\n";

    [RedisFact]
    public async Task The_examples_limit_per_key_is_the_limit_of_all_instances_together_to_the_request()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var upstream = TestUpstream.Start();
        var example = (await File.ReadAllTextAsync(Repository.At("conf", "examples", "rate-limit.yaml")))
            .Replace("rate: 50, burst: 200", "rate: 50, burst: 100000", StringComparison.Ordinal)
            .Replace("rate: 1000, per: 1m", "rate: 1000, per: 1h", StringComparison.Ordinal)
            .Replace("127.0.0.1:3000", $"127.0.0.1:{upstream.Port}", StringComparison.Ordinal)
            .Replace("${REDIS_ADDRESS:-127.0.0.1:6379}", $"127.0.0.1:{redis.Port}", StringComparison.Ordinal)
            .Replace("timeout: 200ms", "timeout: 20s, connect_timeout: 20s", StringComparison.Ordinal);
        await using var instances = await Instances.StartAsync(example, "0.0.0.0:8080");

        var admitted = await Task.WhenAll(instances.Ports.SelectMany(port => Enumerable.Repeat(port, 4)).Select(async port =>
        {
            await using var client = await RawClient.ConnectAsync(port);
            var count = 0;
            for (var i = 0; i < 125; i++)
            {
                count += (await client.RoundTripAsync(Request)).Status == 200 ? 1 : 0;
            }

            return count;
        }));

        Assert.Equal(1000, admitted.Sum());
        Assert.Equal(1000, upstream.Requests.Count);
    }

    [RedisFact]
    public async Task What_they_let_through_over_a_time_is_the_rate()
    {
        const int Rate = 100, Burst = 1000, Tolerance = 5;
        var time = Environment.GetEnvironmentVariable("FILTERPROXY_TEST_FULL") == "1" ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(3);
        await using var redis = await RedisProcess.StartAsync();
        await using var instances = await Instances.StartAsync(
            $$"""
            plugins: [RateLimit]
            listeners: { web: { address: "ADDRESS" } }
            routes:
              - name: all
                filters: [ { rate_limit: { limits: [ { rate: {{Rate}}, burst: {{Burst}}, key: x } ], redis: { cluster: redis, timeout: 20s, connect_timeout: 20s } } } ]
                respond: { status: 200 }
            clusters: { redis: { endpoints: ["127.0.0.1:{{redis.Port}}"] } }
            """,
            "ADDRESS");

        // Each goes on until the time is over and it is refused: then the bucket is empty. It holds ten seconds of the rate, so no stall of this machine loses any.
        var started = Stopwatch.GetTimestamp();
        var runs = await Task.WhenAll(instances.Ports.Select(async port =>
        {
            await using var client = await RawClient.ConnectAsync(port);
            var count = 0;
            TimeSpan? first = null;
            while (true)
            {
                var asked = Stopwatch.GetElapsedTime(started);
                var status = (await client.RoundTripAsync(Request)).Status;
                first ??= Stopwatch.GetElapsedTime(started);
                if (status == 200)
                {
                    count++;
                }
                else if (asked > time)
                {
                    return (Count: count, First: first.Value, Asked: asked, Ended: Stopwatch.GetElapsedTime(started));
                }
            }
        }));

        // The bucket began to fill again somewhere between the start and the first answer, and was empty somewhere in the last question.
        var admitted = runs.Sum(run => run.Count);
        Assert.InRange(admitted, 0, Burst + (int)(Rate * runs.Max(run => run.Ended).TotalSeconds) + Tolerance);

        // Who was refused does not ask redis again before there can be a place, so a little may be left in the bucket at the end.
        var filled = Rate * (runs.Max(run => run.Asked) - runs.Min(run => run.First)).TotalSeconds;
        Assert.InRange(admitted, (int)(0.95 * (Burst + filled)) - Tolerance, int.MaxValue);
    }

    private sealed class Instances(ConfigFile[] files, ProxyProcess[] processes, int[] ports) : IAsyncDisposable
    {
        public int[] Ports => ports;

        public static async Task<Instances> StartAsync(string yaml, string address)
        {
            var ports = Enumerable.Range(0, 3).Select(_ => ServerProcess.FreePort()).ToArray();
            var files = ports.Select(port => new ConfigFile(yaml.Replace(address, $"127.0.0.1:{port}", StringComparison.Ordinal))).ToArray();
            var processes = files.Select(file => ProxyProcess.Start("run", "-c", file.Path)).ToArray();
            await Task.WhenAll(processes.Select(process => process.ReadyAsync()));
            return new Instances(files, processes, ports);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in processes)
            {
                await process.DisposeAsync();
            }

            foreach (var file in files)
            {
                file.Dispose();
            }
        }
    }
}
