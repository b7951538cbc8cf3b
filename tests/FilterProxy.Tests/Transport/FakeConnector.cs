using System.Collections.Concurrent;
using System.IO.Pipelines;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Tests.Transport;

/// <summary>Opens connections that lead nowhere; the far end of each is in the test's hand.</summary>
internal sealed class FakeConnector : IConnector
{
    private readonly ConcurrentQueue<FakeConnection> _opened = new();

    public IReadOnlyList<FakeConnection> Opened => [.. _opened];

    /// <summary>Awaited before each connect.</summary>
    public Func<CancellationToken, Task> Gate { get; set; } = _ => Task.CompletedTask;

    public static UpstreamPeer Peer { get; } = new TestCluster("test", "127.0.0.1:1").Endpoints[0].Peer;

    public async ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel)
    {
        try
        {
            await Gate(cancel);
        }
        catch (OperationCanceledException e)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectTimeout, retryable: true, "connect_timeout", e));
        }

        var connection = new FakeConnection();
        _opened.Enqueue(connection);
        return connection;
    }
}

/// <summary>A connection over pipes that notes its end.</summary>
internal sealed class FakeConnection : DefaultConnectionContext, IDuplexPipe
{
    private readonly Pipe _received = new();
    private readonly Pipe _sent = new();
    private int _disposed;

    public FakeConnection() => Transport = this;

    public PipeReader Input => _received.Reader;

    public PipeWriter Output => _sent.Writer;

    /// <summary>How often it was closed.</summary>
    public int Closed => Volatile.Read(ref _disposed);

    /// <summary>The other side closes.</summary>
    public void End() => _received.Writer.Complete();

    public override ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposed);
        return base.DisposeAsync();
    }
}
