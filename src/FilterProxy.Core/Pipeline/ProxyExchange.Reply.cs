using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.Core.Buffers;

namespace FilterProxy.Core.Pipeline;

internal abstract partial class ProxyExchange
{
    private DeferredReply? _deferredReply;
    private volatile bool _inRequestBodyFilter;

    /// <summary>
    /// Set while request body filters run, beside the response on its way: a reply from there is kept until the response side
    /// has stopped, because both would write the same head.
    /// </summary>
    public bool InRequestBodyFilter
    {
        get => _inRequestBodyFilter;
        set => _inRequestBodyFilter = value;
    }

    /// <summary>Whether a request body filter has replied.</summary>
    public bool HasDeferredReply => _deferredReply is not null;

    /// <summary>Turns a reply of a request body filter into the exchange's, once the attempt has ended. True if there was one.</summary>
    public bool ApplyDeferredReply()
    {
        if (_deferredReply is not { } reply || HasResponseStarted)
        {
            return HasReply;
        }

        _deferredReply = null;
        Error = default;
        if (reply.Body is PipeReader pipe)
        {
            Reply(reply.Status, reply.Reason, pipe, reply.Length, reply.ContentType);
        }
        else
        {
            Reply(reply.Status, reply.Reason, (ReadOnlyMemory<byte>)reply.Body, reply.ContentType);
        }

        return true;
    }

    /// <summary>A deferred reply that comes too late still owns its pipe.</summary>
    private void DropDeferredReply()
    {
        (_deferredReply?.Body as PipeReader)?.Complete();
        _deferredReply = null;
    }

    private void ReplyToGrpc(int status, string reason, ReadOnlyMemory<byte> body, string? contentType)
    {
        // What is kept for later comes here again.
        if (!InRequestBodyFilter)
        {
            BeginReply(200, reason, default(ReadOnlyMemory<byte>), 0, null);
            _replyMemory.Begin(default);
            ReplyBody = _replyMemory;
            ReplyLength = 0;
            GrpcReplies.Write(Response, status, contentType?.StartsWith("text/plain", StringComparison.Ordinal) == true ? body.Span : default);
        }
        else
        {
            BeginReply(status, reason, body, body.Length, contentType);
        }
    }

    private bool BeginReply(int status, string reason, object body, long? length, string? contentType)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        if (HasResponseStarted)
        {
            throw new InvalidOperationException("The response's head has been sent: it cannot be replaced.");
        }

        if (InRequestBodyFilter)
        {
            DropDeferredReply();
            _deferredReply = new DeferredReply(status, reason, body, length, contentType);
            return false;
        }

        // A reply that is replaced by another still owns its pipe.
        (ReplyBody as PipeBody)?.Complete();
        Response.Reset();
        Response.Version = HttpVersionKind.Http11;
        Response.StatusCode = status;
        Stats.Reason = reason;
        Stats.Flags |= ResponseFlags.LocalReply;
        HasReply = true;
        ForgetResponseBody();
        SayWhy(reason);
        return true;
    }

    /// <summary>Tells the client, and whoever it asks for help, what to look for in the logs.</summary>
    private void SayWhy(string reason)
    {
        const int LongestCode = 64;
        Span<byte> code = stackalloc byte[LongestCode];
        if (Snapshot.ReasonHeader.Length > 0 && Ascii.FromUtf16(reason, code, out var length) == OperationStatus.Done && HeaderName.IsToken(code[..length]))
        {
            Response.Headers.Append(Snapshot.ReasonHeader, code[..length]);
        }

        if (Request.Headers.TryGet(KnownHeader.XRequestId, out var id))
        {
            Response.Headers.Append(KnownHeader.XRequestId, id);
        }
    }

    private sealed record DeferredReply(int Status, string Reason, object Body, long? Length, string? ContentType);
}
