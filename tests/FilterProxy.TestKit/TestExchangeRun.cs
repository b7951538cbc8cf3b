using System.Buffers;

namespace FilterProxy.TestKit;

/// <summary>Walks an exchange through the phases of one filter, in the engine's order.</summary>
public static class TestExchangeRun
{
    /// <summary>
    /// Calls the phases the filter implements: request_filter, request body, upstream_peer, upstream_request_filter, then
    /// response_filter, response body and logging. A stop with a reply goes straight to response_filter, as in the engine.
    /// </summary>
    /// <exception cref="InvalidOperationException">The filter broke its contract, e.g. stopped without a reply.</exception>
    public static async Task<TestRun> RunAsync(this TestExchange exchange, IHttpFilter filter)
    {
        var status = FilterStatus.Continue;
        RequestHead? upstream = null;
        UpstreamPeer? peer = null;
        exchange.BeginRequest();
        if (filter is IRequestFilter request)
        {
            status = await request.OnRequestAsync(exchange);
        }

        if (status == FilterStatus.Continue && !exchange.HasReply && exchange.HasRequestBody && filter is IRequestBodyFilter requestBody)
        {
            (status, exchange.RequestBody) = await FilterBodyAsync(
                exchange, exchange.RequestBody, exchange.Request.Headers, requestBody.UseRequestBody(exchange), requestBody.OnRequestBodyAsync);
        }

        if (status == FilterStatus.Stop && !exchange.HasReply && exchange.AbortedWith is null)
        {
            throw new InvalidOperationException($"{filter.GetType().Name} stopped the request without a reply.");
        }

        if (!exchange.HasReply && exchange.AbortedWith is null)
        {
            peer = filter is IUpstreamPeerFilter chooser ? await chooser.SelectPeerAsync(exchange) : null;
        }

        if (!exchange.HasReply && exchange.AbortedWith is null)
        {
            upstream = exchange.BeginAttempt();
            if (filter is IUpstreamRequestFilter attempt)
            {
                await attempt.OnUpstreamRequestAsync(exchange, upstream);
            }
        }

        var cut = exchange.AbortedWith is not null || !await RespondAsync(exchange, filter);
        exchange.Stats.Ended = exchange.Stats.TimeProvider.GetTimestamp();
        exchange.Stats.ResponseBodyBytes = exchange.ResponseBody.Length;
        (filter as ILoggingFilter)?.OnLogging(exchange);
        return new TestRun(status, upstream, peer, exchange.RequestBody, exchange.ResponseBody, cut);
    }

    private static async Task<bool> RespondAsync(TestExchange exchange, IHttpFilter filter)
    {
        exchange.BeginResponse();
        if (filter is IResponseFilter response)
        {
            await response.OnResponseAsync(exchange);
        }

        await exchange.ReadReplyAsync();
        var status = FilterStatus.Continue;
        if (filter is IResponseBodyFilter body)
        {
            var use = body.UseResponseBody(exchange);
            (status, exchange.ResponseBody) = await FilterBodyAsync(
                exchange, exchange.ResponseBody, exchange.Response.Headers, use, body.OnResponseBodyAsync);
        }

        exchange.HasResponseStarted = true;
        return status == FilterStatus.Continue;
    }

    private static async Task<(FilterStatus Status, byte[] Body)> FilterBodyAsync(
        TestExchange exchange,
        byte[] body,
        HeaderMap headers,
        BodyUse use,
        Func<HttpExchange, ReadOnlySequence<byte>, bool, IBufferWriter<byte>?, ValueTask<FilterStatus>> filter)
    {
        if (use == BodyUse.None)
        {
            return (FilterStatus.Continue, body);
        }

        var output = use == BodyUse.Transform ? new ArrayBufferWriter<byte>() : null;
        if (use == BodyUse.Transform && !exchange.BodyReplaced)
        {
            BeginTransform(headers);
        }

        var size = exchange.PieceSize == 0 ? Math.Max(1, body.Length) : exchange.PieceSize;
        var sent = 0;
        do
        {
            var length = Math.Min(size, body.Length - sent);

            // A copy that is wiped afterwards: a filter that keeps the span of a piece is found out.
            var piece = body.AsSpan(sent, length).ToArray();
            sent += length;
            var status = await filter(exchange, new ReadOnlySequence<byte>(piece), sent == body.Length, output);
            Array.Fill(piece, (byte)0xDD);
            if (status == FilterStatus.Stop)
            {
                return (status, output?.WrittenSpan.ToArray() ?? body[..sent]);
            }
        }
        while (sent < body.Length);

        return (FilterStatus.Continue, output?.WrittenSpan.ToArray() ?? body);
    }

    /// <summary>The length is no longer known, and the bytes are no longer those a strong ETag names (RFC 9110 §8.8.1).</summary>
    private static void BeginTransform(HeaderMap headers)
    {
        headers.Remove(KnownHeader.ContentLength);
        if (headers.TryGet("etag", out var tag) && !tag.StartsWith("W/", StringComparison.Ordinal))
        {
            headers.Set("etag", "W/" + tag);
        }
    }
}
