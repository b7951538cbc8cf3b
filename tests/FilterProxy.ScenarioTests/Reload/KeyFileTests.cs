using System.Security.Cryptography;
using System.Text;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>Files with credentials that filters read are watched as the configuration is.</summary>
public sealed class KeyFileTests
{
    private const string First = "fp_0123456789abcdef0123456789abcdef";
    private const string Second = "fp_fedcba9876543210fedcba9876543210";

    [Fact]
    public async Task A_key_is_changed_for_another_by_its_file_alone_and_a_broken_file_takes_no_key_away()
    {
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok(request.Headers["x-api-owner"] ?? ""));
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            plugins: [ApiKey]
            listeners: { web: { address: "127.0.0.1:{{port}}" } }
            routes: [ { name: all, cluster: origin, filters: [ { api_key: { keys_file: keys.json } } ] } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        var keys = Path.Combine(file.Folder, "keys.json");
        await File.WriteAllTextAsync(keys, Keys(("old", First)));
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        Assert.Equal((200, 401), await StatusesAsync(port));

        // Both for a while: the owner changes over.
        await File.WriteAllTextAsync(keys, Keys(("old", First), ("new", Second)));
        await Poll.UntilAsync(async () => await StatusesAsync(port) == (200, 200));

        await File.WriteAllTextAsync(keys, "{ \"keys\": [ {");
        await Poll.UntilAsync(() => proxy.Error.Contains("refused", StringComparison.Ordinal));
        Assert.Equal((200, 200), await StatusesAsync(port));

        await File.WriteAllTextAsync(keys, Keys(("new", Second)));
        await Poll.UntilAsync(async () => await StatusesAsync(port) == (401, 200));
        Assert.DoesNotContain(Second, proxy.Output + proxy.Error, StringComparison.Ordinal);
    }

    private static string Keys(params (string Id, string Key)[] keys) =>
        $$"""{ "keys": [ {{string.Join(", ", keys.Select(key => $$"""{ "id": "{{key.Id}}", "owner": "ada", "hash": "{{Hash(key.Key)}}" }"""))}} ] }""";

    private static string Hash(string key) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)))}";

    private static async Task<(int First, int Second)> StatusesAsync(int port)
    {
        await using var client = await RawClient.ConnectAsync(port);
        return (await AskAsync(client, First), await AskAsync(client, Second));
    }

    private static async Task<int> AskAsync(RawClient client, string key) =>
        (await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: {key}\r\n\r\n")).Status;
}
