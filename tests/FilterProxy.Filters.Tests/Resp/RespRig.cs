using FilterProxy.Filters.Resp;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.Resp;

/// <summary>A client of some servers on this machine, with its log.</summary>
internal sealed class RespRig : IAsyncDisposable
{
    /// <summary>Patient enough for a loaded machine, where a test is not about time.</summary>
    public static readonly RedisOptions Patient = new()
    {
        Cluster = "redis",
        Timeout = TimeSpan.FromSeconds(20),
        ConnectTimeout = TimeSpan.FromSeconds(20),
        MaxBackoff = TimeSpan.FromMilliseconds(100),
    };

    private readonly ClusterProbe _probe;
    private readonly TestComponentContext _context = new();

    private RespRig(ClusterProbe probe, RedisOptions options)
    {
        _probe = probe;
        Client = new RespClient(probe.Cluster, options, TimeProvider.System, _context.Logger);
    }

    public RespClient Client { get; }

    public IReadOnlyList<string> Log => _context.LogLines;

    public static async Task<RespRig> StartAsync(RedisOptions options, params int[] ports) => new(await ClusterProbe.StartAsync(ports), options);

    public static async Task<RespRig> StartAsync(RedisOptions options, string cluster) => new(await ClusterProbe.StartAsync(cluster), options);

    public async Task<RespReply> AskAsync(params string[] words) => await Client.SendAsync(RespCommand.Of(words));

    /// <summary>A command whose second word is its key.</summary>
    public async Task<RespReply> AskKeyAsync(params string[] words)
    {
        var command = new RespCommand(words.Length).Add(words[0]).AddKey(words[1]);
        foreach (var word in words[2..])
        {
            command.Add(word);
        }

        return await Client.SendAsync(command);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _probe.DisposeAsync();
        _context.Dispose();
    }
}
