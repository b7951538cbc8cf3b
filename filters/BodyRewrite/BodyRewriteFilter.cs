using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>Replaces texts in bodies as they stream, compressed ones as well.</summary>
[Component("body_rewrite")]
public sealed class BodyRewriteFilter : IRequestFilter, IRequestBodyFilter, IResponseFilter, IResponseBodyFilter, ILoggingFilter
{
    private static readonly byte[] MalformedText = "The body is not what its Content-Encoding says (body_rewrite_malformed)\n"u8.ToArray();
    private static readonly byte[] TooLargeText = "The body is too large once it is decoded (body_rewrite_too_large)\n"u8.ToArray();

    private readonly BodyRules _request;
    private readonly BodyRules _response;
    private readonly int _maxRatio;
    private readonly Slot<BodyChange> _inRequest;
    private readonly Slot<BodyChange> _inResponse;
    private readonly Counter<long> _skipped;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An expression is none.</exception>
    public BodyRewriteFilter(BodyRewriteOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _request = new BodyRules(options.Request, options);
        _response = new BodyRules(options.Response, options);
        _maxRatio = options.MaxRatio;
        _inRequest = context.CreateSlot<BodyChange>("request");
        _inResponse = context.CreateSlot<BodyChange>("response");
        _skipped = context.Meter.CreateCounter<long>("filterproxy.body_rewrite.skipped", "{message}", "Bodies in codings that cannot be taken off, which went on as they were.");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (!_response.IsEmpty)
        {
            // What comes plain need not be decoded; a part could not be changed at all.
            headers.Remove(KnownHeader.AcceptEncoding);
            headers.Remove(KnownHeader.Range);
            headers.Remove(KnownHeader.IfRange);
        }

        if (exchange.HasRequestBody && _request.For(headers) is { } substitution && Begin(headers, substitution) is { } change)
        {
            exchange.Set(_inRequest, change);
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public BodyUse UseRequestBody(HttpExchange exchange) => exchange.Get(_inRequest) is null ? BodyUse.None : BodyUse.Transform;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        switch (exchange.Get(_inRequest)!.Write(data, end, output!))
        {
            case BodyProblem.None:
                return new(FilterStatus.Continue);

            case BodyProblem.TooLarge:
                exchange.Reply(413, "body_rewrite_too_large", TooLargeText, "text/plain; charset=utf-8");
                return new(FilterStatus.Stop);

            default:
                exchange.Reply(400, "body_rewrite_malformed", MalformedText, "text/plain; charset=utf-8");
                return new(FilterStatus.Stop);
        }
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        exchange.Get(_inResponse)?.Dispose();
        exchange.Set(_inResponse, null);
        var headers = exchange.Response.Headers;
        if (exchange.Response.StatusCode is < 200 or 204 or 206 or 304 || _response.For(headers) is not { } substitution || Begin(headers, substitution) is not { } change)
        {
            return default;
        }

        // Its length is that of the body before it is changed.
        headers.Remove(KnownHeader.ContentLength);
        DescribeChanged(headers);
        if (exchange.Request.MethodKind == HttpMethodKind.Head)
        {
            change.Dispose();
        }
        else
        {
            exchange.Set(_inResponse, change);
        }

        return default;
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange)
    {
        if (exchange.Get(_inResponse) is not { } change)
        {
            return BodyUse.None;
        }

        // A length that is there again was set by a filter that stands before this one: it has the body whole, or has put another in its place, e.g. an error page.
        change.MayBeAnother = exchange.Response.Headers.Contains(KnownHeader.ContentLength);
        return BodyUse.Transform;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        var problem = exchange.Get(_inResponse)!.Write(data, end, output!);
        if (problem == BodyProblem.None)
        {
            return new(FilterStatus.Continue);
        }

        // The head is on its way: what is wrong can only be told by an end that is none.
        exchange.Stats.Reason = problem == BodyProblem.TooLarge ? "body_rewrite_too_large" : "body_rewrite_malformed";
        return new(FilterStatus.Stop);
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        exchange.Get(_inRequest)?.Dispose();
        exchange.Get(_inResponse)?.Dispose();
    }

    /// <summary>The bytes are no longer those that a strong ETag names (RFC 9110 §8.8.1), nor those of a digest.</summary>
    private static void DescribeChanged(HeaderMap headers)
    {
        ChangedBody.Describe(headers);
        if (headers.TryGet(KnownHeader.ETag, out var tag) && !tag.StartsWith("W/"u8))
        {
            headers.Set(KnownHeader.ETag, [.. "W/"u8, .. tag]);
        }
    }

    /// <summary>A body with these fields is changed, and sent on plain; null where its coding cannot be taken off.</summary>
    private BodyChange? Begin(HeaderMap headers, Substitution substitution)
    {
        if (!headers.TryGet(KnownHeader.ContentEncoding, out var coding) || coding.IsEmpty || Ascii.EqualsIgnoreCase(coding, "identity"u8))
        {
            return new BodyChange(substitution, null, _maxRatio);
        }

        if (!BodyDecoder.Knows(coding))
        {
            _skipped.Add(1);
            return null;
        }

        var change = new BodyChange(substitution, BodyDecoder.Create(coding), _maxRatio);
        headers.Remove(KnownHeader.ContentEncoding);
        return change;
    }
}
