using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace FilterProxy.Core.Downstream;

/// <summary>The response on its way to Kestrel's engine: fields as strings, the body into its pipe.</summary>
internal sealed partial class KestrelExchange
{
    private const int FlushThreshold = 32 * 1024;
    private const int LargestWrite = 256 * 1024;

    // H2_INTERNAL_ERROR and H3_INTERNAL_ERROR (RFC 9113 §7, RFC 9114 §8.1).
    private const int Http2InternalError = 2, Http3InternalError = 0x102;
    private static readonly ulong ConnectionFields =
        KnownHeaders.Bit(KnownHeader.Connection) | KnownHeaders.Bit(KnownHeader.KeepAlive) | KnownHeaders.Bit(KnownHeader.ProxyConnection)
        | KnownHeaders.Bit(KnownHeader.TransferEncoding) | KnownHeaders.Bit(KnownHeader.Upgrade) | KnownHeaders.Bit(KnownHeader.ContentLength);

    private PipeWriter _output = null!;
    private long? _remaining;
    private long _unflushed;
    private volatile bool _wasCut;

    protected override bool HasUnflushed => _unflushed > 0;

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public override async ValueTask SendResponseAsync()
    {
        if (Upstream.IsSwitched && !HasReply)
        {
            await RelayAsync();
            return;
        }

        if (ResponseBodyError.IsError)
        {
            await FailAsync(ResponseBodyError);
            return;
        }

        if (IsUpgrade && !HasReply && Response.StatusCode is >= 200 and < 300)
        {
            // To CONNECT that would say yes.
            await FailAsync(ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "switch_not_made"));
            return;
        }

        // RFC 9110 §15.3.6: 205 has no content either; HTTP/1 says so by a length of zero.
        var bodyless = IsBodyless || Response.StatusCode == 205;
        var length = bodyless ? AnnouncedLength ?? UpstreamAnnounced() : BeginResponseBody();
        WriteHead(length);
        if (bodyless || (length == 0 && !ResponseBodyFilters.IsActive))
        {
            // Kestrel ends the stream with the head.
            return;
        }

        _output = Feature<IHttpResponseBodyFeature>().Writer;
        _remaining = length;
        _unflushed = 1;
        var body = ResponseBody;
        await CopyBodyAsync(body, body.ReadAsync());
    }

    /// <summary>
    /// Kestrel's engine can send 100 (Continue) and no other interim response: 103 (Early Hints) ends here.
    /// </summary>
    public override ValueTask<bool> SendInterimAsync()
    {
        if (Response.StatusCode == 100 && _expectsContinue)
        {
            GiveLeave();
        }

        return new ValueTask<bool>(true);
    }

    protected override void Cut()
    {
        if (!_wasCut)
        {
            _wasCut = true;
            Feature<IHttpResetFeature>().Reset(Request.Version == HttpVersionKind.Http3 ? Http3InternalError : Http2InternalError);
        }
    }

    protected override void OnClientLost()
    {
    }

    protected override ValueTask<bool> WriteBodyAsync(ReadOnlySequence<byte> data)
    {
        if (data.IsEmpty)
        {
            return new ValueTask<bool>(true);
        }

        _remaining -= data.Length;
        if (_remaining < 0 || _wasCut)
        {
            return new ValueTask<bool>(false);
        }

        // What comes in one piece, from memory, must not be copied as a whole before the client has taken any of it.
        return data.Length > LargestWrite ? WriteInSlicesAsync(data) : Write(data);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteInSlicesAsync(ReadOnlySequence<byte> data)
    {
        while (!data.IsEmpty)
        {
            var slice = data.Slice(0, Math.Min(LargestWrite, data.Length));
            data = data.Slice(slice.End);
            if (!await Write(slice))
            {
                return false;
            }
        }

        return true;
    }

    private ValueTask<bool> Write(in ReadOnlySequence<byte> data)
    {
        try
        {
            foreach (var piece in data)
            {
                for (var rest = piece.Span; !rest.IsEmpty;)
                {
                    var span = _output.GetSpan();
                    if (span.IsEmpty)
                    {
                        // The stream has ended under us.
                        return new ValueTask<bool>(false);
                    }

                    var count = Math.Min(span.Length, rest.Length);
                    rest[..count].CopyTo(span);
                    _output.Advance(count);
                    rest = rest[count..];
                }
            }
        }
        catch (Exception e) when (IsEnded(e))
        {
            return new ValueTask<bool>(false);
        }

        _unflushed += data.Length;
        return _unflushed > FlushThreshold ? FlushBodyAsync() : new ValueTask<bool>(true);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    protected override async ValueTask<bool> FlushBodyAsync()
    {
        _unflushed = 0;
        try
        {
            var flush = _output.FlushAsync();
            if (!flush.IsCompleted)
            {
                AwaitWrite();
            }

            return !(await flush).IsCompleted;
        }
        catch (Exception e) when (IsEnded(e))
        {
            return false;
        }
        finally
        {
            EndWrite();
        }
    }

    /// <summary>What is left is Kestrel's to send when the exchange is over, with the trailers and the end of the stream in one go.</summary>
    protected override ValueTask EndBodyAsync()
    {
        if (_remaining > 0)
        {
            BreakOff();
        }
        else if (Response.TrailersIfAny is { Count: > 0 } && _stream.Get<IHttpResponseTrailersFeature>() is { } trailers)
        {
            Copy(Response.Trailers, trailers.Trailers, ConnectionFields);
        }

        return default;
    }

    private static bool IsEnded(Exception e) => IsGone(e) || e is OperationCanceledException;

    /// <summary>A response to HEAD, or 304, says how long another one would be (RFC 9110 §8.6).</summary>
    private long? UpstreamAnnounced() =>
        Response.StatusCode is not (204 or 205) && Response.Headers.TryGet(KnownHeader.ContentLength, out var text)
        && Utf8Parser.TryParse(text, out long length, out var used) && used == text.Length
            ? length
            : null;

    private void WriteHead(long? length)
    {
        if (Snapshot.ServerHeader.Length > 0)
        {
            Response.Headers.Set(KnownHeader.Server, Snapshot.ServerHeader);
        }

        if (Connection.Entry.AltSvc.Length > 0)
        {
            Response.Headers.Set("Alt-Svc"u8, Connection.Entry.AltSvc);
        }

        if (_expectsContinue)
        {
            // A final response instead: Kestrel must not send 100 (Continue) for what is read of the body from now on.
            _request.Headers.Remove("Expect");
        }

        HasResponseStarted = true;
        var response = Feature<IHttpResponseFeature>();
        response.StatusCode = Response.StatusCode;
        Stats.ResponseHeadBytes = Copy(Response.Headers, response.Headers, ConnectionFields);
        if (length is not null)
        {
            response.Headers.ContentLength = length;
        }
    }

    /// <summary>Gives fields to Kestrel; the bytes they have.</summary>
    internal static int Copy(HeaderMap from, IHeaderDictionary to, ulong skip)
    {
        var bytes = 0;
        var seen = 0UL;
        foreach (ref readonly var entry in from.Entries)
        {
            var bit = KnownHeaders.Bit(entry.Known);
            if ((bit & skip) != 0)
            {
                continue;
            }

            var name = HeaderText.NameOf(from, entry);
            var value = HeaderText.ValueOf(from, entry);
            bytes += name.Length + value.Length;

            // A name that is not known may have come before, too.
            if ((entry.Known == KnownHeader.Unknown || (seen & bit) != 0) && to.TryGetValue(name, out var before))
            {
                to[name] = StringValues.Concat(before, value);
            }
            else
            {
                to[name] = value;
            }

            seen |= bit;
        }

        return bytes;
    }
}
