using System.Buffers;

namespace FilterProxy.Tests.Components;

public sealed record ThrowingOptions
{
    public string Phase { get; init; } = "";
}

/// <summary>Takes part in every phase, and throws in one.</summary>
[Component("throwing")]
public sealed class ThrowingFilter
    : IStartable, IRequestFilter, IUpstreamPeerFilter, IUpstreamRequestFilter, IResponseFilter, ILoggingFilter, IRequestBodyFilter, IResponseBodyFilter
{
    private readonly ThrowingOptions _options;

    public ThrowingFilter(ThrowingOptions options)
    {
        _options = options;
        ThrowIn("constructor");
    }

    public ValueTask StartAsync(CancellationToken stop)
    {
        ThrowIn("start");
        return default;
    }

    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        await Task.Yield();
        ThrowIn("request");
        return FilterStatus.Continue;
    }

    public ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange)
    {
        ThrowIn("peer");
        return new((UpstreamPeer?)null);
    }

    public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
    {
        ThrowIn("upstream_request");
        return default;
    }

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        ThrowIn("response");
        return default;
    }

    public void OnLogging(HttpExchange exchange) => ThrowIn("logging");

    public BodyUse UseRequestBody(HttpExchange exchange)
    {
        ThrowIn("use_request_body");
        return _options.Phase switch { "request_body" => BodyUse.Observe, "transform" => BodyUse.Transform, _ => BodyUse.None };
    }

    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        ThrowIn(output is null ? "request_body" : "transform");
        return new(FilterStatus.Continue);
    }

    public BodyUse UseResponseBody(HttpExchange exchange)
    {
        ThrowIn("use_response_body");
        return _options.Phase == "response_body" ? BodyUse.Observe : BodyUse.None;
    }

    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        ThrowIn("response_body");
        return new(FilterStatus.Continue);
    }

    private void ThrowIn(string phase)
    {
        if (_options.Phase == phase)
        {
#pragma warning disable CA2201 // As a bug would.
            throw new NullReferenceException($"in {phase}");
#pragma warning restore CA2201
        }
    }
}
