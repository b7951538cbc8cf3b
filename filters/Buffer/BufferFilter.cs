using System.Text;

namespace FilterProxy.Filters.Buffer;

/// <summary>Receives a whole body before it goes on: a slow client costs the upstream nothing, and a response that breaks off is never begun.</summary>
[Component("buffer")]
public sealed class BufferFilter(BufferOptions options) : IRequestFilter, IResponseFilter
{
    private const string TextType = "text/plain; charset=utf-8";

    /// <inheritdoc/>
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!options.Request || !exchange.HasRequestBody || IsGrpc(exchange.Request.Headers))
        {
            return FilterStatus.Continue;
        }

        var result = await exchange.BufferRequestBodyAsync(options.MaxRequest.Bytes);
        if (result.Status == BufferStatus.TooLarge && options.Larger == OversizePolicy.Reject)
        {
            exchange.Reply(413, "body_too_large", "Request body too large (body_too_large)\n"u8.ToArray(), TextType);
            return FilterStatus.Stop;
        }

        // A body that broke off has made the exchange fail already.
        return FilterStatus.Continue;
    }

    /// <inheritdoc/>
    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (!options.Response || exchange.HasReply || exchange.Response.StatusCode is < 200 or 204 or 304
            || exchange.Request.MethodKind is HttpMethodKind.Head or HttpMethodKind.Connect || IsStream(exchange.Response.Headers))
        {
            return;
        }

        var result = await exchange.BufferResponseBodyAsync(options.MaxResponse.Bytes);
        if (result.Status == BufferStatus.TooLarge && options.Larger == OversizePolicy.Reject)
        {
            exchange.Reply(502, "response_too_large", "Response body too large (response_too_large)\n"u8.ToArray(), TextType);
        }
    }

    // A stream has no end to wait for.
    private static bool IsStream(HeaderMap headers) =>
        IsGrpc(headers)
        || (headers.TryGet(KnownHeader.ContentType, out var type) && type.Length >= 17 && Ascii.EqualsIgnoreCase(type[..17], "text/event-stream"u8));

    private static bool IsGrpc(HeaderMap headers) => headers.TryGet(KnownHeader.ContentType, out var type) && type.StartsWith("application/grpc"u8);
}
