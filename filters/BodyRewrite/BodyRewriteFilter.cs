using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>Replaces texts in bodies: as they stream where they are plain, whole where they are compressed.</summary>
[Component("body_rewrite")]
public sealed class BodyRewriteFilter : IRequestFilter, IRequestBodyFilter, IResponseFilter, IResponseBodyFilter
{
    private readonly BodyRules _request;
    private readonly BodyRules _response;
    private readonly long _maxEncoded;
    private readonly Slot<Substitution> _inRequest;
    private readonly Slot<Substitution> _inResponse;
    private readonly Counter<long> _skipped;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An expression is none.</exception>
    public BodyRewriteFilter(BodyRewriteOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _request = new BodyRules(options.Request, options);
        _response = new BodyRules(options.Response, options);
        _maxEncoded = options.MaxEncoded.Bytes;
        _inRequest = context.CreateSlot<Substitution>("request");
        _inResponse = context.CreateSlot<Substitution>("response");
        _skipped = context.Meter.CreateCounter<long>("filterproxy.body_rewrite.skipped", "{message}", "Bodies that could not be decoded and went on as they were.");
    }

    /// <inheritdoc/>
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (!_response.IsEmpty)
        {
            // Compressed, a body could only be changed whole; a part of one could not be changed at all.
            headers.Remove(KnownHeader.AcceptEncoding);
            headers.Remove(KnownHeader.Range);
            headers.Remove(KnownHeader.IfRange);
        }

        if (exchange.HasRequestBody && _request.For(headers) is { } substitution)
        {
            if (!IsEncoded(headers))
            {
                exchange.Set(_inRequest, substitution);
            }
            else if (IsDecodable(headers))
            {
                var result = await exchange.BufferRequestBodyAsync(_maxEncoded);
                ReplaceEncoded(exchange, headers, result, substitution);
            }
            else
            {
                _skipped.Add(1);
            }
        }

        return FilterStatus.Continue;
    }

    /// <inheritdoc/>
    public BodyUse UseRequestBody(HttpExchange exchange) => exchange.Get(_inRequest) is null ? BodyUse.None : BodyUse.Transform;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        exchange.Get(_inRequest)!.Write(data, end, output!);
        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Set(_inResponse, null);
        var headers = exchange.Response.Headers;
        if (exchange.Response.StatusCode is < 200 or 204 or 206 or 304 || _response.For(headers) is not { } substitution)
        {
            return;
        }

        if (exchange.Request.MethodKind == HttpMethodKind.Head)
        {
            // Its length is that of the body before it is changed.
            headers.Remove(KnownHeader.ContentLength);
            DescribeChanged(headers);
        }
        else if (!IsEncoded(headers))
        {
            DescribeChanged(headers);
            exchange.Set(_inResponse, substitution);
        }
        else if (IsDecodable(headers))
        {
            var result = await exchange.BufferResponseBodyAsync(_maxEncoded);
            if (ReplaceEncoded(exchange, headers, result, substitution))
            {
                DescribeChanged(headers);
            }
        }
        else
        {
            _skipped.Add(1);
        }
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange) => exchange.Get(_inResponse) is null ? BodyUse.None : BodyUse.Transform;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        exchange.Get(_inResponse)!.Write(data, end, output!);
        return new(FilterStatus.Continue);
    }

    private static bool IsEncoded(HeaderMap headers) =>
        headers.TryGet(KnownHeader.ContentEncoding, out var coding) && !coding.IsEmpty && !Ascii.EqualsIgnoreCase(coding, "identity"u8);

    private static bool IsDecodable(HeaderMap headers) => headers.TryGet(KnownHeader.ContentEncoding, out var coding) && ContentDecoding.IsKnown(coding);

    /// <summary>The bytes are no longer those that a strong ETag names (RFC 9110 §8.8.1), nor those of a digest.</summary>
    private static void DescribeChanged(HeaderMap headers)
    {
        ChangedBody.Describe(headers);
        if (headers.TryGet(KnownHeader.ETag, out var tag) && !tag.StartsWith("W/"u8))
        {
            headers.Set(KnownHeader.ETag, [.. "W/"u8, .. tag]);
        }
    }

    private bool ReplaceEncoded(HttpExchange exchange, HeaderMap headers, in BufferResult result, Substitution substitution)
    {
        headers.TryGet(KnownHeader.ContentEncoding, out var coding);
        if (!result.IsComplete || ContentDecoding.Decode(coding, result.Body, _maxEncoded) is not { } decoded)
        {
            _skipped.Add(1);
            return false;
        }

        var changed = new ArrayBufferWriter<byte>(decoded.Length + 256);
        substitution.Write(new ReadOnlySequence<byte>(decoded), end: true, changed);
        headers.Remove(KnownHeader.ContentEncoding);
        exchange.ReplaceBody(new ReadOnlySequence<byte>(changed.WrittenMemory));
        return true;
    }
}
