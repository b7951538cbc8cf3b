using System.Buffers;
using System.IO.Pipelines;
using FilterProxy.Core.Buffers;

namespace FilterProxy.Core.Pipeline;

internal abstract partial class ProxyExchange
{
    // What nearly all local replies are.
    private static readonly PreparedFields TextFields = PreparedFields.Build(LocalReplies.TextType, static (map, type) => map.Set("content-type", type));

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

    public override void Reply(int status, string reason, ReadOnlyMemory<byte> body = default, string? contentType = null)
    {
        if (InRequestBodyFilter)
        {
            Defer(new DeferredReply(status, reason, body, body.Length, contentType));
        }
        else if (status != 200 && GrpcReplies.IsGrpc(Request.Headers))
        {
            ReplyToGrpc(status, reason, body, contentType);
        }
        else
        {
            BeginReply(status, reason);
            SayWhy(reason);
            UseReply(new ReadOnlySequence<byte>(body));
            SetContentType(contentType, body.Length);
        }
    }

    public override void Reply(int status, string reason, PipeReader body, long? length, string? contentType)
    {
        if (InRequestBodyFilter)
        {
            Defer(new DeferredReply(status, reason, body, length, contentType));
            return;
        }

        BeginReply(status, reason);
        SayWhy(reason);
        _replyPipe ??= new PipeBody();
        _replyPipe.Begin(body);
        ReplyBody = _replyPipe;
        ReplyLength = length;
        SetContentType(contentType, length ?? 1);
    }

    public override void Reply(int status, string reason, ReadOnlySequence<byte> body, PreparedFields fields)
    {
        if (InRequestBodyFilter)
        {
            Defer(new DeferredReply(status, reason, body, body.Length, null, fields));
            return;
        }

        BeginReply(status, reason);
        UseReply(body);
        Response.Headers.Append(fields);
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
        if (reply.Fields is not null)
        {
            Reply(reply.Status, reply.Reason, (ReadOnlySequence<byte>)reply.Body, reply.Fields);
        }
        else if (reply.Body is PipeReader pipe)
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
        BeginReply(200, reason);
        SayWhy(reason);
        UseReply(default);
        GrpcReplies.Write(Response, status, contentType?.StartsWith("text/plain", StringComparison.Ordinal) == true ? body.Span : default);
    }

    private void UseReply(in ReadOnlySequence<byte> body)
    {
        _replyMemory ??= new MemoryBody();
        _replyMemory.Begin(body);
        ReplyBody = _replyMemory;
        ReplyLength = body.Length;
    }

    private void CheckReply(int status)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        if (HasResponseStarted)
        {
            throw new InvalidOperationException("The response's head has been sent: it cannot be replaced.");
        }
    }

    private void Defer(DeferredReply reply)
    {
        CheckReply(reply.Status);
        DropDeferredReply();
        _deferredReply = reply;
    }

    private void BeginReply(int status, string reason)
    {
        CheckReply(status);

        // A reply that is replaced by another still owns its pipe.
        (ReplyBody as PipeBody)?.Complete();
        Response.Reset();
        Response.Version = HttpVersionKind.Http11;
        Response.StatusCode = status;
        Stats.Reason = reason;
        HasReply = true;
        ForgetResponseBody();
    }

    /// <summary>Tells the client, and whoever it asks for help, what to look for in the logs.</summary>
    private void SayWhy(string reason)
    {
        Stats.Flags |= ResponseFlags.LocalReply;
        Snapshot.Reasons.AppendTo(Response.Headers, reason);
        if (Request.Headers.TryGet(KnownHeader.XRequestId, out var id))
        {
            Response.Headers.Append(KnownHeader.XRequestId, id);
        }
    }

    private void SetContentType(string? contentType, long length)
    {
        if (contentType is null || length <= 0)
        {
            return;
        }

        if (contentType == LocalReplies.TextType)
        {
            Response.Headers.Append(TextFields);
        }
        else
        {
            Response.Headers.Set("content-type", contentType);
        }
    }

    private sealed record DeferredReply(int Status, string Reason, object Body, long? Length, string? ContentType, PreparedFields? Fields = null);
}
