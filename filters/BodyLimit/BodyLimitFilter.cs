using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy.Filters.BodyLimit;

/// <summary>Refuses bodies that are too large: by their length where it is said, by counting where it is not.</summary>
[Component("body_limit")]
public sealed class BodyLimitFilter : IRequestFilter, IRequestBodyFilter, IResponseFilter, IResponseBodyFilter
{
    private static readonly byte[] RequestText = "Request body too large (body_too_large)\n"u8.ToArray();
    private static readonly byte[] ResponseText = "Response body too large (response_too_large)\n"u8.ToArray();

    private readonly long _request;
    private readonly long _response;
    private readonly Slot<Count> _requestCount;
    private readonly Slot<Count> _responseCount;

    /// <summary>Creates one.</summary>
    public BodyLimitFilter(BodyLimitOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _request = options.Request?.Bytes ?? long.MaxValue;
        _response = options.Response?.Bytes ?? long.MaxValue;
        _requestCount = context.CreateSlot<Count>("request");
        _responseCount = context.CreateSlot<Count>("response");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) =>
        new(TryGetLength(exchange.Request.Headers, out var length) && length > _request ? Refuse(exchange) : FilterStatus.Continue);

    /// <inheritdoc/>
    public BodyUse UseRequestBody(HttpExchange exchange) =>
        _request == long.MaxValue || TryGetLength(exchange.Request.Headers, out _) ? BodyUse.None : Observe(exchange, _requestCount);

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output) =>
        new((exchange.Get(_requestCount)!.Bytes += data.Length) > _request ? Refuse(exchange) : FilterStatus.Continue);

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (!HasNoBody(exchange) && TryGetLength(exchange.Response.Headers, out var length) && length > _response)
        {
            exchange.Reply(502, "response_too_large", ResponseText, "text/plain; charset=utf-8");
        }

        return default;
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange) =>
        _response == long.MaxValue || HasNoBody(exchange) || TryGetLength(exchange.Response.Headers, out _)
            ? BodyUse.None
            : Observe(exchange, _responseCount);

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        if ((exchange.Get(_responseCount)!.Bytes += data.Length) <= _response)
        {
            return new(FilterStatus.Continue);
        }

        exchange.Stats.Reason = "response_too_large";
        return new(FilterStatus.Stop);
    }

    // The Content-Length of a response to HEAD, or of a 304, is that of another message (RFC 9110 §8.6). What was answered here has its size.
    private static bool HasNoBody(HttpExchange exchange) =>
        exchange.HasReply || exchange.Request.MethodKind == HttpMethodKind.Head || exchange.Response.StatusCode is 204 or 304;

    private static bool TryGetLength(HeaderMap headers, out long length)
    {
        length = 0;
        return headers.TryGet(KnownHeader.ContentLength, out var text) && Utf8Parser.TryParse(text, out length, out var consumed) && consumed == text.Length;
    }

    private static FilterStatus Refuse(HttpExchange exchange)
    {
        exchange.Reply(413, "body_too_large", RequestText, "text/plain; charset=utf-8");
        return FilterStatus.Stop;
    }

    private static BodyUse Observe(HttpExchange exchange, Slot<Count> slot)
    {
        exchange.Set(slot, new Count());
        return BodyUse.Observe;
    }

    private sealed class Count
    {
        public long Bytes { get; set; }
    }
}
