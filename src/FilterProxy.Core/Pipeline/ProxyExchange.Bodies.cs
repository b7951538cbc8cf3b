using System.Buffers;
using System.Net.Sockets;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Pipeline;

/// <summary>Bodies as filters buffer and replace them.</summary>
internal abstract partial class ProxyExchange
{
    private readonly BodyBuffer _requestBuffer = new();
    private MemoryBody? _requestMemory;
    private MemoryBody? _replayedRequest;
    private MemoryBody? _responseMemory;
    private BodyBuffer _responseBuffer = new();
    private BufferResult? _bufferedRequest;
    private BufferResult? _bufferedResponse;
    private BodyReader? _replacedResponse;

    /// <summary>Whether the request's body is whole in memory: it can be sent again and again.</summary>
    public bool IsRequestBodyInMemory { get; private set; }

    /// <summary>Whether the response has no content, whatever its fields say (RFC 9112 §6.3).</summary>
    protected bool IsBodyless => Request.MethodKind == HttpMethodKind.Head || Response.StatusCode is 204 or 304;

    /// <summary>Length of the response's body where a filter decided it; null where the upstream's framing holds.</summary>
    protected long? ReplacedResponseLength { get; private set; }

    /// <summary>The response's body as filters left it.</summary>
    protected BodyReader ResponseBody => ReplyBody ?? _replacedResponse ?? Upstream.Body;

    public override async ValueTask<BufferResult> BufferRequestBodyAsync(long max)
    {
        if (_bufferedRequest is { } known)
        {
            return known;
        }

        await InviteRequestBodyAsync();
        var status = await FillAsync(RequestBody, _requestBuffer, max, downstream: true);
        var result = new BufferResult(status, _requestBuffer.Written);
        _bufferedRequest = result;
        Stats.RequestBodyBytes = result.Body.Length;
        if (status == BufferStatus.Complete)
        {
            Stats.RequestEnded = Stats.TimeProvider.GetTimestamp();
            UseRequestBody(result.Body);
        }
        else if (status == BufferStatus.TooLarge)
        {
            _requestMemory ??= new MemoryBody();
            _requestMemory.Begin(result.Body, RequestBody);
            RequestBody = _requestMemory;
        }

        return result;
    }

    public override async ValueTask<BufferResult> BufferResponseBodyAsync(long max)
    {
        if (_bufferedResponse is { } known)
        {
            return known;
        }

        if (_responseBuffer.Length > 0)
        {
            // A response that was buffered before and then replaced: the new body may be made of the old one's bytes.
            _responseBuffer = new BodyBuffer();
        }

        var source = ResponseBody;
        var status = await FillAsync(source, _responseBuffer, max, downstream: false);
        var result = new BufferResult(status, _responseBuffer.Written);
        _bufferedResponse = result;
        if (status == BufferStatus.Failed)
        {
            ResponseBodyError = ProxyError.Upstream(ProxyErrorKind.UpstreamBodyFailed);
            return result;
        }

        _responseMemory ??= new MemoryBody();
        _responseMemory.Begin(result.Body, status == BufferStatus.Complete ? null : source);
        UseResponseBody(_responseMemory, status == BufferStatus.Complete ? result.Body.Length : null);
        return result;
    }

    public override void ReplaceBody(ReadOnlySequence<byte> body)
    {
        if (Response.StatusCode == 0)
        {
            if (_bufferedRequest is not { Status: BufferStatus.Complete } && HasRequestBody)
            {
                throw new InvalidOperationException("Buffer the request's body before replacing it: the client's bytes must be read first.");
            }

            UseRequestBody(body);
            _bufferedRequest = new BufferResult(BufferStatus.Complete, body);
            return;
        }

        _responseMemory ??= new MemoryBody();
        _responseMemory.Begin(body);
        UseResponseBody(_responseMemory, body.Length);
        _bufferedResponse = new BufferResult(BufferStatus.Complete, body);
        ResponseBodyError = default;
    }

    /// <summary>Starts the body again from its beginning, for another attempt.</summary>
    public void RewindRequestBody()
    {
        if (IsRequestBodyInMemory)
        {
            _requestMemory!.Begin(_requestBody);
        }
    }

    /// <summary>Puts bytes that an attempt has read before what is still to come.</summary>
    public void PrependRequestBody(ReadOnlySequence<byte> read)
    {
        _replayedRequest ??= new MemoryBody();
        _replayedRequest.Begin(read, _unreadRequestBody ??= RequestBody);
        RequestBody = _replayedRequest;
    }

    /// <summary>Set when the response's body broke off while a filter buffered it: unless a filter replaces it, the client gets this.</summary>
    protected ProxyError ResponseBodyError { get; private set; }

    /// <summary>Asks the request body filters once, when the request goes on its way.</summary>
    private void BeginRequestBodyFilters()
    {
        if (Chain.RequestBody.Length == 0 || RequestFraming.Kind == BodyKind.None)
        {
            return;
        }

        RequestBodyFilters.Begin(Chain.RequestBody);
        if (RequestBodyFilters.Transforms)
        {
            // What the filters will write has no length yet.
            RequestFraming = new MessageFraming(BodyKind.Chunked, 0, RequestFraming.KeepAlive);
            Request.Headers.Remove(KnownHeader.ContentLength);
        }
    }

    /// <summary>Before the body is read on nobody's behalf but ours: the client may be waiting for 100 (Continue).</summary>
    public virtual ValueTask InviteRequestBodyAsync() => default;

    private ReadOnlySequence<byte> _requestBody;
    private BodyReader? _unreadRequestBody;

    private void UseRequestBody(ReadOnlySequence<byte> body)
    {
        _requestBody = body;
        _requestMemory ??= new MemoryBody();
        _requestMemory.Begin(body);
        RequestBody = _requestMemory;
        IsRequestBodyInMemory = true;
        RequestFraming = new MessageFraming(BodyKind.Length, body.Length, RequestFraming.KeepAlive);
        Request.Headers.Remove(KnownHeader.TransferEncoding);
        SetLength(Request.Headers, body.Length);
    }

    private void UseResponseBody(BodyReader body, long? length)
    {
        if (ReplyBody is not null)
        {
            ReplyBody = body;
            ReplyLength = length;
        }
        else
        {
            _replacedResponse = body;
            ReplacedResponseLength = length;
        }

        // RFC 9110 §8.6: the Content-Length of a response without content is about another one, that to a GET.
        if (length is { } known && !IsBodyless)
        {
            SetLength(Response.Headers, known);
        }
    }

    private void ForgetResponseBody()
    {
        _replacedResponse = null;
        ReplacedResponseLength = null;
        _bufferedResponse = null;
        ResponseBodyError = default;
        Upstream.AbandonResponse();
    }

    private void ResetBodies()
    {
        _requestBuffer.Reset();
        _responseBuffer.Reset();
        RequestBodyFilters.Reset();
        ResponseBodyFilters.Reset();
        _bufferedRequest = null;
        _bufferedResponse = null;
        ResponseBodyError = default;
        _replacedResponse = null;
        ReplacedResponseLength = null;
        _requestBody = default;
        _unreadRequestBody = null;
        IsRequestBodyInMemory = false;
    }

    private async ValueTask<BufferStatus> FillAsync(BodyReader source, BodyBuffer buffer, long max, bool downstream)
    {
        while (true)
        {
            Await(downstream, true);
            BodyRead read;
            try
            {
                read = await source.ReadAsync();
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                read = new BodyRead(BodyStatus.Truncated);
            }

            Await(downstream, false);

            if (read.IsError)
            {
                if (downstream)
                {
                    Error = RequestBodyError(read.Status);
                }

                return BufferStatus.Failed;
            }

            buffer.Append(read.Data);
            source.Advance();
            if (buffer.Length > max)
            {
                return BufferStatus.TooLarge;
            }

            if (read.Status == BodyStatus.End)
            {
                return BufferStatus.Complete;
            }
        }
    }

    private void Await(bool downstream, bool awaiting)
    {
        if (downstream)
        {
            AwaitRequestBody(awaiting);
        }
        else if (!HasReply)
        {
            Upstream.AwaitBody(awaiting);
        }
    }

    /// <summary>What a failed read of the client's body means for the exchange.</summary>
    public ProxyError RequestBodyError(BodyStatus status) => status switch
    {
        BodyStatus.Malformed => ProxyError.Downstream(ProxyErrorKind.BadRequest, "bad_chunk"),
        BodyStatus.TooLarge => OverLimit(ProxyError.Downstream(ProxyErrorKind.BodyTooLarge)),
        _ when BreakKind != ProxyErrorKind.None => ProxyError.Downstream(BreakKind, Limits.DetailOf(BreakLimit)),
        _ => ProxyError.Downstream(ProxyErrorKind.DownstreamClosed, "request_body_truncated"),
    };

    /// <summary>Counts the limit behind an error.</summary>
    protected ProxyError OverLimit(in ProxyError error)
    {
        Services.Limits.Reached(Limits.Of(error));
        return error;
    }

    private static void SetLength(HeaderMap headers, long length)
    {
        Span<byte> digits = stackalloc byte[20];
        System.Buffers.Text.Utf8Formatter.TryFormat(length, digits, out var written);
        headers.Set(KnownHeader.ContentLength, digits[..written]);
    }
}
