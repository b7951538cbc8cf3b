using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Security.Claims;

namespace FilterProxy;

/// <summary>
/// One request and its response, on their way through the phases. Owned and reused by its connection: no part of it may be
/// kept or touched after the logging phase. One caller at a time, except body filters of the two directions, which may run
/// at the same time.
/// </summary>
public abstract class HttpExchange
{
    private object?[] _slots = [];
    private Metadata? _metadata;

    private protected HttpExchange()
    {
        Block = new HeadBlock();
        Request = new RequestHead(Block);
        Response = new ResponseHead(new HeadBlock());
    }

    /// <summary>The request as the client sent it and filters changed it.</summary>
    public RequestHead Request { get; }

    /// <summary>The response; its status is 0 until there is one.</summary>
    public ResponseHead Response { get; }

    /// <summary>The client's side.</summary>
    public DownstreamInfo Downstream { get; } = new();

    /// <summary>Name of the matched route; null before routing or without a match.</summary>
    public string? RouteName { get; internal set; }

    /// <summary>
    /// Where the request goes. Set by the route; a request filter (a script, a canary) may set another. Peers are chosen from it
    /// for each attempt.
    /// </summary>
    public Cluster? Cluster { get; set; }

    /// <summary>The peer of the current attempt.</summary>
    public UpstreamPeer? Peer { get; internal set; }

    /// <summary>The key for consistent hashing and affinity; 0 for none.</summary>
    public ulong HashKey { get; set; }

    /// <summary>Number of the current attempt, from 1; 0 before the first.</summary>
    public int Attempt { get; internal set; }

    /// <summary>What went wrong, if anything.</summary>
    public ProxyError Error { get; internal set; }

    /// <summary>What one plugin tells another.</summary>
    public Metadata Metadata => _metadata ??= new Metadata();

    /// <summary>Whether any metadata was set; asking does not create it.</summary>
    public bool HasMetadata => _metadata is { Count: > 0 };

    /// <summary>Who the client is, once an auth filter has found out.</summary>
    public ClaimsPrincipal? User { get; set; }

    /// <summary>Times, bytes, attempts and flags.</summary>
    public ExchangeStats Stats { get; } = new();

    /// <summary>Where it stands in a distributed trace; empty where tracing is off.</summary>
    public TraceContext Trace { get; internal set; }

    /// <summary>Its span, for a filter to add tags and events to; null unless it is traced and somebody takes the spans.</summary>
    public Activity? Activity { get; internal set; }

    /// <summary>Cancelled when the client goes away, the route's deadline passes or the process stops hard.</summary>
    public abstract CancellationToken Aborted { get; }

    /// <summary>Why <see cref="Aborted"/> was cancelled.</summary>
    public AbortReason AbortReason { get; internal set; }

    /// <summary>Whether the response is a local reply rather than the upstream's.</summary>
    public bool HasReply { get; internal set; }

    /// <summary>Whether the response's head has been sent: from then on it cannot be changed or replaced.</summary>
    public bool HasResponseStarted { get; internal set; }

    /// <summary>Whether the request has, or may have, a body.</summary>
    public abstract bool HasRequestBody { get; }

    // The request's. The response has its own, because request trailers may come while the response head is being read.
    internal HeadBlock Block { get; }

    /// <summary>A cluster of the configuration this exchange began under.</summary>
    public abstract bool TryGetCluster(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Cluster? cluster);

    /// <summary>A filter's private state, or the default value.</summary>
    public T? Get<T>(Slot<T> slot) => slot.Index < _slots.Length && _slots[slot.Index] is T value ? value : default;

    /// <summary>Keeps a filter's private state until the exchange ends.</summary>
    public void Set<T>(Slot<T> slot, T? value)
    {
        if (slot.Index >= _slots.Length)
        {
            Array.Resize(ref _slots, Math.Max(8, slot.Index + 1));
        }

        _slots[slot.Index] = value;
    }

    /// <summary>
    /// Answers without an upstream; in response_filter, answers instead of it. Starts from an empty head: add fields to
    /// <see cref="Response"/> after the call. A body to HEAD, 204 and 304 is not sent.
    /// </summary>
    /// <param name="status">200 to 599.</param>
    /// <param name="reason">A stable lower_snake_case code for logs and metrics, e.g. <c>rate_limited</c>.</param>
    /// <param name="body">The body; must stay unchanged until the exchange ends.</param>
    /// <param name="contentType">Content-Type, when there is a body.</param>
    /// <exception cref="InvalidOperationException">The response's head has been sent.</exception>
    public abstract void Reply(int status, string reason, ReadOnlyMemory<byte> body = default, string? contentType = null);

    /// <inheritdoc cref="Reply(int, string, ReadOnlyMemory{byte}, string?)"/>
    /// <param name="status">200 to 599.</param>
    /// <param name="reason">A stable lower_snake_case code for logs and metrics.</param>
    /// <param name="body">Read to its end and completed by the engine, sent or not.</param>
    /// <param name="length">The body's exact length in bytes, or null to stream it.</param>
    /// <param name="contentType">Content-Type, if any.</param>
    public abstract void Reply(int status, string reason, PipeReader body, long? length, string? contentType);

    /// <summary>
    /// Answers with a response that was made before, e.g. by an upstream, and kept: its head is <paramref name="fields"/> alone, without the
    /// fields that tell of a local reply, and the reason goes into logs and metrics only. Add what is of this answer, such as Age, to
    /// <see cref="Response"/> after the call. A body to HEAD, 204 and 304 is not sent. Copies no byte of the body where the connection can
    /// send it from where it is.
    /// </summary>
    /// <param name="status">200 to 599.</param>
    /// <param name="reason">A stable lower_snake_case code for logs and metrics, e.g. <c>cache_hit</c>.</param>
    /// <param name="body">The body; must stay unchanged until the exchange ends.</param>
    /// <param name="fields">The fields. A Content-Length among them must be the body's.</param>
    /// <exception cref="InvalidOperationException">The response's head has been sent.</exception>
    public abstract void Reply(int status, string reason, ReadOnlySequence<byte> body, PreparedFields fields);

    /// <summary>Ends the exchange without an answer, or cuts one that has begun, and closes the client's connection.</summary>
    public abstract void Abort(string reason);

    /// <summary>
    /// Reads the whole request body before an upstream sees any of it, sending 100 (Continue) if the client waits for it. Call
    /// it in request_filter. Calling it again returns the same body.
    /// </summary>
    /// <param name="max">The most bytes to read.</param>
    public abstract ValueTask<BufferResult> BufferRequestBodyAsync(long max);

    /// <summary>Reads the whole response body before the client sees any of it. Call it in response_filter.</summary>
    /// <param name="max">The most bytes to read.</param>
    public abstract ValueTask<BufferResult> BufferResponseBodyAsync(long max);

    /// <summary>
    /// Replaces the body of the message now being filtered: in request_filter the request's, in response_filter the
    /// response's. Content-Length follows.
    /// </summary>
    /// <param name="body">Must stay unchanged until the exchange ends.</param>
    public abstract void ReplaceBody(ReadOnlySequence<byte> body);

    internal void ResetState()
    {
        RouteName = null;
        Cluster = null;
        Peer = null;
        HashKey = 0;
        Attempt = 0;
        Error = default;
        _metadata?.Clear();
        User = null;
        Trace = default;
        Activity = null;
        Stats.Reset();
        AbortReason = AbortReason.None;
        HasReply = false;
        HasResponseStarted = false;
        Array.Clear(_slots);
    }
}
