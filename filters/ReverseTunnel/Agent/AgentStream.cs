using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>A byte stream through a tunnel, at the agent: what comes is the request's body, what is sent the response's. Either end goes by itself.</summary>
internal sealed class AgentStream(IFeatureCollection stream, ConnectionContext tunnel) : ConnectionContext, IDuplexPipe, IHalfClose
{
    private readonly IHttpResponseBodyFeature _response = stream.GetRequiredFeature<IHttpResponseBodyFeature>();
    private readonly IHttpRequestLifetimeFeature _lifetime = stream.GetRequiredFeature<IHttpRequestLifetimeFeature>();
    private readonly FeatureCollection _features = new();
    private IDuplexPipe? _transport;
    private IDictionary<object, object?>? _items;

    public PipeReader Input { get; } = stream.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;

    public PipeWriter Output => _response.Writer;

    public override IDuplexPipe Transport
    {
        get => _transport ?? this;
        set => _transport = value;
    }

    public override string ConnectionId
    {
        get => tunnel.ConnectionId;
        set => throw new NotSupportedException("It is the tunnel's.");
    }

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => _lifetime.RequestAborted;
        set => throw new NotSupportedException("The stream owns its token.");
    }

    public async ValueTask EndOutputAsync() => await _response.CompleteAsync();

    public override void Abort(ConnectionAbortedException abortReason) => _lifetime.Abort();
}
