using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.WebSockets;

/// <summary>An echo server made with npm's ws, which keeps RFC 6455 to the letter.</summary>
public sealed class WsServer : IAsyncLifetime
{
    private ServerProcess? _server;
    private string _workspace = "";

    /// <summary>Where it listens.</summary>
    public int Port { get; private set; }

    public async Task InitializeAsync()
    {
        if (NpmWorkspace.Missing is not null)
        {
            return;
        }

        _workspace = await NpmWorkspace.PrepareAsync("websocket");
        _server = ServerProcess.Start("server.js", Prerequisites.Node!, ["server.js"], _workspace, []);
        await Poll.UntilAsync(() => int.TryParse(_server.Output, out _), TimeSpan.FromSeconds(60), "the WebSocket server listens");
        Port = int.Parse(_server.Output);
    }

    /// <summary>Runs client.js; what it printed.</summary>
    public async Task<string> RunClientAsync(string url)
    {
        await using var client = ServerProcess.Start("client.js", Prerequisites.Node!, ["client.js", url], _workspace, []);
        await client.ExitAsync(TimeSpan.FromMinutes(3));
        return client.Output;
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

/// <summary>A test that needs node with npm, and is skipped with the reason where there is none.</summary>
internal sealed class WsFactAttribute : FactAttribute
{
    public WsFactAttribute() => Skip = NpmWorkspace.Missing;
}

/// <summary>As <see cref="WsFactAttribute"/>, for theories.</summary>
internal sealed class WsTheoryAttribute : TheoryAttribute
{
    public WsTheoryAttribute() => Skip = NpmWorkspace.Missing;
}
