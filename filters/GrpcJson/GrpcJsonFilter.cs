using System.Buffers;
using System.Buffers.Text;
using System.Text;
using FilterProxy.Filters.Lib.Grpc;
using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.Filters.GrpcJson;

/// <summary>Lets plain HTTP clients call gRPC services with JSON, by the services' descriptors and their google.api.http rules.</summary>
[Component("grpc_json")]
public sealed class GrpcJsonFilter : IRequestFilter, IResponseFilter, IResponseBodyFilter
{
    private readonly GrpcJsonOptions _options;
    private readonly GrpcJsonRoutes _routes;
    private readonly GrpcJsonWriter _writer;
    private readonly Slot<GrpcJsonCall> _call;

    /// <summary>Reads the descriptors.</summary>
    /// <exception cref="ArgumentException">They are none, or a rule in them is wrong.</exception>
    public GrpcJsonFilter(GrpcJsonOptions options, ComponentContext context)
    {
        _options = options;
        _call = context.CreateSlot<GrpcJsonCall>("call");
        try
        {
            _routes = new GrpcJsonRoutes(DescriptorSet.Parse(File.ReadAllBytes(context.UseFile(options.Descriptors))), options);
        }
        catch (Exception e) when (e is ProtobufException or IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"descriptors: {e.Message}", nameof(options), e);
        }

        _writer = new GrpcJsonWriter(options);
    }

    /// <inheritdoc/>
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        if (request.Headers.TryGet(KnownHeader.ContentType, out var type) && type.StartsWith(GrpcMedia.Grpc))
        {
            return FilterStatus.Continue;
        }

        if (_routes.Find(request.MethodText, request.PathText) is not { } call)
        {
            return FilterStatus.Continue;
        }

        var body = await exchange.BufferRequestBodyAsync(_options.MaxMessage.Bytes);
        if (!body.IsComplete)
        {
            Refuse(exchange, body.Status == BufferStatus.TooLarge ? 413 : 400, "the body is too large or broke off");
            return FilterStatus.Stop;
        }

        try
        {
            var message = call.MessageOf(body.Body, request.QueryText);
            exchange.ReplaceBody(new ReadOnlySequence<byte>(GrpcFrame.Wrap(new ReadOnlySequence<byte>(message))));
        }
        catch (ProtobufException e)
        {
            Refuse(exchange, 400, e.Message);
            return FilterStatus.Stop;
        }

        request.SetMethod("POST"u8);
        request.SetPath(Encoding.ASCII.GetBytes(call.Method.Path));
        request.RemoveQuery();
        request.Headers.Set(KnownHeader.ContentType, "application/grpc"u8);
        request.Headers.Set(KnownHeader.TE, "trailers"u8);
        request.Headers.Remove(KnownHeader.AcceptEncoding);
        exchange.Set(_call, call);
        return FilterStatus.Continue;
    }

    /// <inheritdoc/>
    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_call) is not { } call)
        {
            return;
        }

        // What is answered from here on is answered to the client, which sent JSON.
        var response = exchange.Response;
        exchange.Request.Headers.Set(KnownHeader.ContentType, "application/json"u8);
        if (StatusOf(response.Headers) is { } failed and not GrpcStatus.Ok)
        {
            Fail(exchange, failed, MessageOf(response.Headers));
        }
        else if (!response.Headers.TryGet(KnownHeader.ContentType, out var type) || !GrpcMedia.Is(type, GrpcMedia.Grpc, out _))
        {
            Fail(exchange, GrpcStatus.FromHttp(response.StatusCode == 200 ? 502 : response.StatusCode), $"upstream answered HTTP {response.StatusCode}");
        }
        else if (call.Method.ServerStreams)
        {
            response.Headers.Set(KnownHeader.ContentType, _writer.StreamType);
        }
        else
        {
            await AnswerAsync(exchange, call);
        }
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange) =>
        exchange.Get(_call) is { Method.ServerStreams: true } && !exchange.HasReply ? BodyUse.Transform : BodyUse.None;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        var call = exchange.Get(_call)!;
        var left = call.Join(data);
        try
        {
            while (GrpcFrame.TryUnwrap(left, out var message, out var isCompressed, out var next))
            {
                if (isCompressed)
                {
                    return new(FilterStatus.Stop);
                }

                _writer.WriteOne(message.ToArray(), call, output!);
                left = left.Slice(next);
            }
        }
        catch (ProtobufException)
        {
            return new(FilterStatus.Stop);
        }

        call.Keep(left);
        if (left.Length > _options.MaxMessage.Bytes + GrpcFrame.Head)
        {
            return new(FilterStatus.Stop);
        }

        if (end)
        {
            var trailers = exchange.Response.Trailers;
            _writer.WriteEnd(call, StatusOf(trailers) ?? GrpcStatus.Unknown, MessageOf(trailers), output!);
            trailers.Clear();
        }

        return new(FilterStatus.Continue);
    }

    private async ValueTask AnswerAsync(HttpExchange exchange, GrpcJsonCall call)
    {
        var body = await exchange.BufferResponseBodyAsync(_options.MaxMessage.Bytes + GrpcFrame.Head);
        var trailers = exchange.Response.Trailers;
        if (!body.IsComplete)
        {
            Fail(exchange, 14, "the response is too large or broke off");
        }
        else if (StatusOf(trailers) is not GrpcStatus.Ok and var failed)
        {
            Fail(exchange, failed ?? GrpcStatus.Unknown, MessageOf(trailers));
        }
        else if (!GrpcFrame.TryUnwrap(body.Body, out var message, out var isCompressed, out _) || isCompressed)
        {
            Fail(exchange, 13, isCompressed ? "the response is compressed" : "the response has no whole message");
        }
        else
        {
            var json = new ArrayBufferWriter<byte>();
            try
            {
                _writer.Write(message.ToArray(), call, json);
            }
            catch (ProtobufException e)
            {
                Fail(exchange, 13, e.Message);
                return;
            }

            exchange.ReplaceBody(new ReadOnlySequence<byte>(json.WrittenMemory));
            exchange.Response.Headers.Set(KnownHeader.ContentType, "application/json"u8);
            exchange.Response.Headers.Remove("grpc-status"u8);
            trailers.Clear();
        }
    }

    private static void Fail(HttpExchange exchange, int code, string message)
    {
        var reason = exchange.HasReply ? exchange.Stats.Reason : "grpc_error";
        exchange.Reply(GrpcStatus.ToHttp(code), reason, GrpcJsonWriter.ErrorOf(code, message), "application/json");
    }

    private static void Refuse(HttpExchange exchange, int status, string message) =>
        exchange.Reply(status, "grpc_json_bad_request", GrpcJsonWriter.ErrorOf(3, message), "application/json");

    private static int? StatusOf(HeaderMap fields) =>
        fields.TryGet("grpc-status"u8, out var value) ? Utf8Parser.TryParse(value, out int code, out _) ? code : GrpcStatus.Unknown : null;

    private static string MessageOf(HeaderMap fields) =>
        fields.TryGet("grpc-message"u8, out var value) ? Uri.UnescapeDataString(Encoding.Latin1.GetString(value)) : "";
}
