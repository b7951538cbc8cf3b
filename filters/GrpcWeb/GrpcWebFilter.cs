using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using FilterProxy.Filters.Lib.Grpc;

namespace FilterProxy.Filters.GrpcWeb;

/// <summary>Lets browsers call gRPC services: gRPC-Web in and out, gRPC to the upstream.</summary>
/// <remarks>
/// gRPC-Web is gRPC whose trailers are a last frame of the body, because browsers show no trailers, and which may be base64, because some
/// show no bytes either. Messages pass as they come, in both directions.
/// </remarks>
[Component("grpc_web")]
public sealed class GrpcWebFilter(GrpcWebOptions options, ComponentContext context) : IRequestFilter, IRequestBodyFilter, IResponseFilter, IResponseBodyFilter
{
    private const byte TrailerFrame = 0x80;
    private const int FrameHead = 5;
    private readonly Slot<GrpcWebCall> _call = context.CreateSlot<GrpcWebCall>("call");

    private static ReadOnlySpan<byte> Web => "application/grpc-web"u8;

    private static ReadOnlySpan<byte> WebText => "application/grpc-web-text"u8;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (exchange.Request.MethodKind != HttpMethodKind.Post || !headers.TryGet(KnownHeader.ContentType, out var type))
        {
            return new(FilterStatus.Continue);
        }

        var isText = false;
        if (!GrpcMedia.Is(type, Web, out var rest))
        {
            isText = options.Text && GrpcMedia.Is(type, WebText, out rest);
            if (!isText)
            {
                return new(FilterStatus.Continue);
            }
        }

        // The client says in Accept how it wants the answer; without it, as it asked.
        var textBack = options.Text && (headers.TryGet(KnownHeader.Accept, out var accept) && accept.StartsWith(Web) ? accept.StartsWith(WebText) : isText);
        exchange.Set(_call, new GrpcWebCall(isText, textBack));
        GrpcMedia.Set(headers, GrpcMedia.Grpc, rest);
        headers.Set(KnownHeader.TE, "trailers"u8);
        headers.Remove("x-grpc-web"u8);
        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public BodyUse UseRequestBody(HttpExchange exchange) => exchange.Get(_call) is { IsText: true } ? BodyUse.Transform : BodyUse.None;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        if (exchange.Get(_call)!.TryDecode(data, end, output!))
        {
            return new(FilterStatus.Continue);
        }

        exchange.Reply(400, "grpc_web_bad_base64", "The body is not base64."u8.ToArray(), "text/plain");
        return new(FilterStatus.Stop);
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_call) is not { } call)
        {
            return default;
        }

        var response = exchange.Response;
        response.Headers.TryGet(KnownHeader.ContentType, out var type);
        if (!GrpcMedia.Is(type, GrpcMedia.Grpc, out var rest))
        {
            // Not gRPC at all, such as another proxy's error page: the engine turns the reply into a status of gRPC.
            var status = response.StatusCode is >= 400 and <= 599 ? response.StatusCode : 502;
            var reason = exchange.HasReply ? exchange.Stats.Reason : "upstream_not_grpc";
            exchange.Reply(status, reason, Encoding.ASCII.GetBytes($"answered with HTTP {response.StatusCode}"), "text/plain");
            rest = default;
        }

        GrpcMedia.Set(response.Headers, call.TextBack ? WebText : Web, rest.IsEmpty ? "+proto"u8 : rest);
        return default;
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange) =>
        // A status in the head is all there is: clients read it there.
        exchange.Get(_call) is null || exchange.Response.Headers.Contains("grpc-status"u8) ? BodyUse.None : BodyUse.Transform;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        var call = exchange.Get(_call)!;
        if (!call.TextBack)
        {
            foreach (var segment in data)
            {
                output!.Write(segment.Span);
            }

            if (end)
            {
                WriteTrailers(exchange.Response.Trailers, output!);
            }

            return new(FilterStatus.Continue);
        }

        var plain = new ArrayBufferWriter<byte>((int)data.Length + 64);
        foreach (var segment in data)
        {
            plain.Write(segment.Span);
        }

        if (end)
        {
            WriteTrailers(exchange.Response.Trailers, plain);
        }

        // Each piece is base64 of its own, padding included: it must not wait for the next.
        var span = output!.GetSpan(Base64.GetMaxEncodedToUtf8Length(plain.WrittenCount));
        Base64.EncodeToUtf8(plain.WrittenSpan, span, out _, out var written);
        output.Advance(written);
        return new(FilterStatus.Continue);
    }

    /// <summary>The trailers as the last frame; they do not follow as trailers besides.</summary>
    private static void WriteTrailers(HeaderMap trailers, IBufferWriter<byte> output)
    {
        var length = 0;
        foreach (var field in trailers)
        {
            length += field.Name.Length + field.Value.Length + 3;
        }

        var frame = output.GetSpan(FrameHead + length);
        frame[0] = TrailerFrame;
        BinaryPrimitives.WriteInt32BigEndian(frame[1..], length);
        var at = FrameHead;
        foreach (var field in trailers)
        {
            // Lower case, whatever the protocol they came in.
            Ascii.ToLower(field.Name, frame[at..], out var written);
            at += written;
            frame[at++] = (byte)':';
            field.Value.CopyTo(frame[at..]);
            at += field.Value.Length;
            "\r\n"u8.CopyTo(frame[at..]);
            at += 2;
        }

        output.Advance(at);
        trailers.Clear();
    }
}
