using System.Buffers;

namespace FilterProxy.Tests.Pipeline;

public sealed record ScriptedOptions
{
    public required string Script { get; init; }
}

/// <summary>A filter in every phase that does what its script says.</summary>
[Component("scripted")]
public class ScriptedFilter(ScriptedOptions options)
    : IRequestFilter, IUpstreamPeerFilter, IUpstreamRequestFilter, IUpstreamErrorFilter, IResponseFilter, ILoggingFilter, IRequestBodyFilter, IResponseBodyFilter
{
    private readonly Script _script = Script.Find(options.Script);

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) =>
        _script.RequestAsync?.Invoke(exchange) ?? new(_script.Request?.Invoke(exchange) ?? FilterStatus.Continue);

    public ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange) => new(_script.Peer?.Invoke(exchange));

    public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
    {
        _script.UpstreamRequest?.Invoke(exchange, attempt);
        return default;
    }

    public RetryAdvice OnUpstreamError(HttpExchange exchange, in UpstreamFailure failure) =>
        _script.Error?.Invoke(exchange, failure) ?? RetryAdvice.Default;

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        _script.Response?.Invoke(exchange);
        return _script.ResponseAsync?.Invoke(exchange) ?? default;
    }

    public void OnLogging(HttpExchange exchange) => _script.Logging?.Invoke(exchange);

    public BodyUse UseRequestBody(HttpExchange exchange) => _script.UseRequestBody?.Invoke(exchange) ?? BodyUse.None;

    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        new(_script.RequestBody!(exchange, data, end, output));

    public BodyUse UseResponseBody(HttpExchange exchange) => _script.UseResponseBody?.Invoke(exchange) ?? BodyUse.None;

    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        new(_script.ResponseBody!(exchange, data, end, output));
}

/// <summary>The same, off the event loop.</summary>
[Component("blocking", Blocking = true)]
public sealed class BlockingFilter(ScriptedOptions options) : ScriptedFilter(options);
