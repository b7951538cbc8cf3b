using System.Buffers;
using System.Buffers.Binary;

namespace FilterProxy.ContractSketches;

/// <summary>
/// Lets plain HTTP clients call unary gRPC methods: puts the message in a frame, takes the answer out of its frame, and says in the
/// status and a header what gRPC says in its trailers.
/// </summary>
[Component("sketch_grpc_bridge")]
public sealed class GrpcBridge(ComponentContext context) : IRequestFilter, IResponseFilter
{
    private const long Max = 1024 * 1024;
    private const int FrameHeader = 5;
    private readonly Slot<object> _bridged = context.CreateSlot<object>("bridged");

    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (headers["content-type"] != "application/x-protobuf")
        {
            return FilterStatus.Continue;
        }

        var message = await exchange.BufferRequestBodyAsync(Max);
        if (!message.IsComplete)
        {
            exchange.Reply(message.Status == BufferStatus.TooLarge ? 413 : 400, "grpc_bad_message");
            return FilterStatus.Stop;
        }

        var frame = new byte[FrameHeader + message.Body.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Body.Length);
        message.Body.CopyTo(frame.AsSpan(FrameHeader));
        exchange.ReplaceBody(new ReadOnlySequence<byte>(frame));
        headers.Set("content-type", "application/grpc+proto");
        headers.Set("te", "trailers");
        exchange.Set(_bridged, this);
        return FilterStatus.Continue;
    }

    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_bridged) is null || exchange.HasReply)
        {
            return;
        }

        var frame = await exchange.BufferResponseBodyAsync(Max);
        var response = exchange.Response;
        var status = response.Trailers["grpc-status"] ?? response.Headers["grpc-status"];
        if (!frame.IsComplete || status is null)
        {
            // The client never spoke gRPC: it gets a status of HTTP.
            exchange.Request.Headers.Set("content-type", "application/x-protobuf");
            exchange.Reply(502, "grpc_bad_response");
            return;
        }

        exchange.ReplaceBody(frame.Body.Length < FrameHeader ? default : frame.Body.Slice(FrameHeader));
        response.StatusCode = status switch { "0" => 200, "3" => 400, "5" => 404, "7" => 403, "16" => 401, "14" => 503, _ => 500 };
        response.Headers.Set("content-type", "application/x-protobuf");
        response.Headers.Set("grpc-status", status);
        if (response.Trailers["grpc-message"] is { } text)
        {
            response.Headers.Set("grpc-message", text);
        }

        response.Trailers.Clear();
    }
}
