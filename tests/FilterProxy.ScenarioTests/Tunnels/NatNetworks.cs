using System.Globalization;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>A server, an agent and a visitor in networks of their own, the latter two behind routers that translate addresses: <c>nat.sh</c> has the picture.</summary>
internal sealed class NatNetworks : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ProxyProcess _process;
    private int _answers;

    private NatNetworks(ProxyProcess process) => _process = process;

    public static string Script => Path.Combine(Repository.Root, "tests", "FilterProxy.ScenarioTests", "Tunnels", "nat.sh");

    /// <summary>What all three have said.</summary>
    public string Log => _process.Error;

    /// <param name="folder">Has their configurations, <c>server.yaml</c> and so on.</param>
    public static async Task<NatNetworks> StartAsync(string folder)
    {
        var networks = new NatNetworks(ProxyProcess.Start([Script, "run", Repository.ProxyExecutable, folder], null, "sh"));
        await Poll.UntilAsync(() => networks.Log.Split("Ready.\n").Length == 4 && networks.Log.Contains(" has a tunnel from ", StringComparison.Ordinal), Patience);
        return networks;
    }

    /// <summary>Changes what both routers do with datagrams: <c>plain</c>, <c>random</c> or <c>silent</c>.</summary>
    public async Task SetNatAsync(string kind) => _ = await AskAsync($"nat {kind}");

    /// <summary>Bytes that have come to the server and left it, of whatever protocol.</summary>
    public async Task<long> ServerBytesAsync() => long.Parse((await AskAsync("bytes"))["bytes ".Length..], CultureInfo.InvariantCulture);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task<string> AskAsync(string command)
    {
        _process.Type(command + "\n");
        _answers++;
        await Poll.UntilAsync(() => _process.Output.Count(c => c == '\n') == _answers, Patience);
        var answer = _process.Output.Split('\n')[_answers - 1];
        return answer.StartsWith(command.Split(' ')[0], StringComparison.Ordinal) ? answer : throw new InvalidOperationException($"{command}: {answer}\n{Log}");
    }
}
