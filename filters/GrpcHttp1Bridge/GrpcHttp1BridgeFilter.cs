using System.Buffers;
using System.Text;
using FilterProxy.Filters.Lib.Grpc;

namespace FilterProxy.Filters.GrpcHttp1Bridge;

/// <summary>Lets gRPC clients call plain HTTP services: a unary call becomes a POST of its message, the answer's status a status of gRPC.</summary>
[Component("grpc_http1_bridge")]
public sealed class GrpcHttp1BridgeFilter(GrpcHttp1BridgeOptions options, ComponentContext context) : IRequestFilter, IResponseFilter, IResponseBodyFilter
{
    private const int LongestMessage = 1024;
    private readonly byte[] _contentType = Encoding.Latin1.GetBytes(options.ContentType);
    private readonly Slot<byte[]> _clientType = context.CreateSlot<byte[]>("content-type");

    /// <inheritdoc/>
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (!IsGrpc(headers))
        {
            return FilterStatus.Continue;
        }

        if (!options.KeepFrames && !await UnframeAsync(exchange))
        {
            return FilterStatus.Stop;
        }

        headers.TryGet(KnownHeader.ContentType, out var type);
        exchange.Set(_clientType, type.ToArray());
        headers.Set(KnownHeader.ContentType, _contentType);
        headers.Set(KnownHeader.Accept, _contentType);
        headers.Remove(KnownHeader.TE);
        return FilterStatus.Continue;
    }

    /// <inheritdoc/>
    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_clientType) is not { } clientType)
        {
            return;
        }

        // From here on the request is what its client sent: by that the engine makes statuses of gRPC of replies.
        exchange.Request.Headers.Set(KnownHeader.ContentType, clientType);
        var response = exchange.Response;
        var isOurs = response.Headers.TryGet(KnownHeader.ContentType, out var type) && IsType(type, _contentType);
        var body = await exchange.BufferResponseBodyAsync(options.MaxMessage.Bytes);
        if (!body.IsComplete)
        {
            Reply(exchange, 502, "grpc_bridge_bad_response", "the response is too large or broke off");
        }
        else if (exchange.HasReply || response.StatusCode != 200)
        {
            Reply(exchange, response.StatusCode == 200 ? 502 : response.StatusCode, Reason(exchange, "via_upstream"), TextOf(body.Body));
        }
        else if (!isOurs)
        {
            Reply(exchange, 502, "grpc_bridge_bad_response", $"the upstream's content-type is not {options.ContentType}");
        }
        else
        {
            exchange.ReplaceBody(options.KeepFrames ? body.Body : new ReadOnlySequence<byte>(GrpcFrame.Wrap(body.Body)));
            response.Headers.Set(KnownHeader.ContentType, clientType);
            response.Trailers.Clear();
            response.Trailers.Set("grpc-status"u8, "0"u8);
        }
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange) =>
        // The status is in the trailers, and only a body without a length has any in HTTP/1.
        exchange.Get(_clientType) is not null && exchange.Response.Trailers.Contains("grpc-status"u8) ? BodyUse.Transform : BodyUse.None;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        foreach (var segment in data)
        {
            output!.Write(segment.Span);
        }

        return new(FilterStatus.Continue);
    }

    private async ValueTask<bool> UnframeAsync(HttpExchange exchange)
    {
        var body = await exchange.BufferRequestBodyAsync(options.MaxMessage.Bytes + GrpcFrame.Head);
        if (!body.IsComplete)
        {
            Reply(exchange, body.Status == BufferStatus.TooLarge ? 413 : 400, "grpc_bridge_bad_request", "the message is too large or broke off");
            return false;
        }

        if (!GrpcFrame.TryUnwrap(body.Body, out var message, out var isCompressed, out var end)
            || isCompressed || body.Body.Slice(end).Length > 0)
        {
            Reply(exchange, 400, "grpc_bridge_bad_request", isCompressed ? "compressed messages are not bridged" : "not one whole message: only unary calls are bridged");
            return false;
        }

        exchange.ReplaceBody(message);
        return true;
    }

    private static void Reply(HttpExchange exchange, int status, string reason, string text) =>
        exchange.Reply(status is >= 300 and <= 599 ? status : 502, reason, Encoding.UTF8.GetBytes(text), "text/plain");

    private static string Reason(HttpExchange exchange, string otherwise) => exchange.Stats.Reason is { Length: > 0 } known ? known : otherwise;

    private static string TextOf(ReadOnlySequence<byte> body) =>
        Encoding.UTF8.GetString(body.Length > LongestMessage ? body.Slice(0, LongestMessage) : body);

    private static bool IsGrpc(HeaderMap headers) =>
        headers.TryGet(KnownHeader.ContentType, out var type) && GrpcMedia.Is(type, GrpcMedia.Grpc, out _);

    private static bool IsType(ReadOnlySpan<byte> value, ReadOnlySpan<byte> type) =>
        value.Length >= type.Length && HeaderName.Equals(value[..type.Length], type) && (value.Length == type.Length || value[type.Length] is (byte)';' or (byte)' ');
}
