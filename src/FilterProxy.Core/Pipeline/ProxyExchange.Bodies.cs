using System.Buffers;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;

namespace FilterProxy.Core.Pipeline;

/// <summary>Bodies as filters buffer and replace them.</summary>
internal abstract partial class ProxyExchange
{
    private readonly BodyBuffer _requestBuffer = new();
    private readonly BodyBuffer _responseBuffer = new();
    private readonly MemoryBody _requestMemory = new();
    private readonly MemoryBody _replayMemory = new();
    private readonly MemoryBody _responseMemory = new();
    private BufferResult? _bufferedRequest;
    private BufferResult? _bufferedResponse;
    private BodyReader? _replacedResponse;

    /// <summary>Whether the request's body is whole in memory: it can be sent again and again.</summary>
    public bool IsRequestBodyInMemory { get; private set; }

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

        await BeforeRequestBufferingAsync();
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

        var source = ResponseBody;
        var status = await FillAsync(source, _responseBuffer, max, downstream: false);
        var result = new BufferResult(status, _responseBuffer.Written);
        _bufferedResponse = result;
        if (status == BufferStatus.Failed)
        {
            throw new IOException("The response's body broke off while a filter buffered it.");
        }

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
            return;
        }

        _responseMemory.Begin(body);
        UseResponseBody(_responseMemory, body.Length);
    }

    /// <summary>Starts the body again from its beginning, for another attempt.</summary>
    public void RewindRequestBody()
    {
        if (IsRequestBodyInMemory)
        {
            _requestMemory.Begin(_requestBody);
        }
    }

    /// <summary>Puts bytes that an attempt has sent before what is still to come.</summary>
    public void PrependRequestBody(ReadOnlySequence<byte> sent)
    {
        _replayMemory.Begin(sent, _unreadRequestBody ??= RequestBody);
        RequestBody = _replayMemory;
    }

    /// <summary>Asks the request body filters, once, before the first attempt.</summary>
    private void BeginRequestBodyFilters()
    {
        if (Chain.RequestBody.Length == 0 || RequestFraming.Kind == BodyKind.None)
        {
            return;
        }

        RequestBodyFilters.Begin(Chain.RequestBody);
        if (RequestBodyFilters.Transforms)
        {
            RequestFraming = new MessageFraming(BodyKind.Chunked, 0, RequestFraming.KeepAlive);
            Request.Headers.Remove(KnownHeader.ContentLength);
        }
    }

    /// <summary>Before a filter reads the whole body: the client may be waiting for 100 (Continue).</summary>
    protected virtual ValueTask BeforeRequestBufferingAsync() => default;

    private ReadOnlySequence<byte> _requestBody;
    private BodyReader? _unreadRequestBody;

    private void UseRequestBody(ReadOnlySequence<byte> body)
    {
        _requestBody = body;
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

        if (length is { } known)
        {
            SetLength(Response.Headers, known);
        }
    }

    private void ForgetResponseBody()
    {
        _replacedResponse = null;
        ReplacedResponseLength = null;
        _bufferedResponse = null;
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
            var reading = source.ReadAsync();
            if (downstream && !reading.IsCompleted)
            {
                AwaitRequestBody(true);
            }

            var read = await reading;
            if (downstream)
            {
                AwaitRequestBody(false);
            }

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

    /// <summary>What a failed read of the client's body means for the exchange.</summary>
    public ProxyError RequestBodyError(BodyStatus status) => status switch
    {
        BodyStatus.Malformed => ProxyError.Downstream(ProxyErrorKind.BadRequest, "bad_chunk"),
        BodyStatus.TooLarge => ProxyError.Downstream(ProxyErrorKind.BodyTooLarge),
        _ when BreakKind != ProxyErrorKind.None => ProxyError.Downstream(BreakKind),
        _ => ProxyError.Downstream(ProxyErrorKind.DownstreamClosed, "request_body_truncated"),
    };

    private static void SetLength(HeaderMap headers, long length)
    {
        Span<byte> digits = stackalloc byte[20];
        System.Buffers.Text.Utf8Formatter.TryFormat(length, digits, out var written);
        headers.Set(KnownHeader.ContentLength, digits[..written]);
    }
}
