using System.Buffers;

namespace FilterProxy;

/// <summary>Marks a class that may stand in a list of HTTP filters. Implement one or more of the phases below.</summary>
/// <remarks>
/// One instance serves many exchanges at once: keep per-exchange state in a <see cref="Slot{T}"/>. Request phases run in
/// list order, response phases in reverse, logging in list order. A phase that nobody implements costs nothing.
/// </remarks>
#pragma warning disable CA1040 // The marker is the point: the kind of a component is told by the interface it implements.
public interface IHttpFilter;
#pragma warning restore CA1040

/// <summary>Phase <c>request_filter</c>: sees every request after its head is read, before an upstream is chosen.</summary>
public interface IRequestFilter : IHttpFilter
{
    /// <summary>Return <see cref="FilterStatus.Stop"/> after calling <c>Reply</c> to answer without an upstream.</summary>
    ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange);
}

/// <summary>Phase <c>upstream_peer</c>: chooses the peer of one attempt. The first filter that returns one wins.</summary>
public interface IUpstreamPeerFilter : IHttpFilter
{
    /// <summary>A peer, or null to leave the choice to the next filter and in the end to the load balancer.</summary>
    ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange);
}

/// <summary>Phase <c>upstream_request_filter</c>: edits the request as one attempt will send it.</summary>
public interface IUpstreamRequestFilter : IHttpFilter
{
    /// <summary>Edits <paramref name="attempt"/>, a fresh overlay over the request; the next attempt starts from the original.</summary>
    ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt);
}

/// <summary>Asked when an attempt failed before a response byte went downstream.</summary>
public interface IUpstreamErrorFilter : IHttpFilter
{
    /// <summary>What this filter thinks of another attempt. <see cref="RetryAdvice.Forbid"/> from any filter is final.</summary>
    RetryAdvice OnUpstreamError(HttpExchange exchange, in UpstreamFailure failure);
}

/// <summary>Phase <c>response_filter</c>: sees every response once, local replies included, before its head is sent.</summary>
public interface IResponseFilter : IHttpFilter
{
    /// <summary>May edit the head, or call <c>Reply</c> to replace the response. Interim (1xx) responses do not come here.</summary>
    ValueTask OnResponseAsync(HttpExchange exchange);
}

/// <summary>Phase <c>logging</c>: told once of every exchange, at its end, whatever happened.</summary>
public interface ILoggingFilter : IHttpFilter
{
    /// <summary>Must not block. An exception here is counted and never reaches the client.</summary>
    void OnLogging(HttpExchange exchange);
}

/// <summary>Sees or changes the request body as it streams upstream.</summary>
public interface IRequestBodyFilter : IHttpFilter
{
    /// <summary>Asked once per message after its head. <see cref="BodyUse.None"/> keeps the bulk path.</summary>
    BodyUse UseRequestBody(HttpExchange exchange);

    /// <summary>One piece of the body; the span of <paramref name="data"/> dies when the call returns.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="data">The bytes as the filter before this one left them; may be empty when <paramref name="end"/> is true.</param>
    /// <param name="end">True exactly once, with the last piece.</param>
    /// <param name="output">Where <see cref="BodyUse.Transform"/> writes what goes on; null for <see cref="BodyUse.Observe"/>.</param>
    /// <returns><see cref="FilterStatus.Stop"/> after <c>Reply</c> refuses the request.</returns>
    ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output);
}

/// <summary>Sees or changes the response body as it streams downstream. Not called for bytes after 101 or CONNECT.</summary>
public interface IResponseBodyFilter : IHttpFilter
{
    /// <summary>Asked once per message after response_filter. <see cref="BodyUse.None"/> keeps the bulk path.</summary>
    BodyUse UseResponseBody(HttpExchange exchange);

    /// <summary>One piece of the body; see <see cref="IRequestBodyFilter.OnRequestBodyAsync"/>.</summary>
    /// <returns><see cref="FilterStatus.Stop"/> cuts the response: the head may already be on its way.</returns>
    ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output);
}
