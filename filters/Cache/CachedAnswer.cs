using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>Answers exchanges with what is kept: whole, in parts (RFC 9110 §14), or not at all because the client has it (§13).</summary>
internal sealed class CachedAnswer(CacheStatus status)
{
    /// <summary>What an answer from the cache is called in logs and metrics.</summary>
    public const string Reason = "cache_hit";

    /// <summary>Answers an exchange, in request_filter or response_filter.</summary>
    /// <param name="exchange">Its request is GET or HEAD.</param>
    /// <param name="stored">What is kept.</param>
    /// <param name="now">Milliseconds since 1970.</param>
    public void Send(HttpExchange exchange, StoredResponse stored, long now)
    {
        Begin(exchange, stored);
        WriteAge(exchange.Response.Headers, stored.AgeAt(now) / 1000);
        status.WriteHit(exchange.Response.Headers, (stored.Lifetime - stored.AgeAt(now)) / 1000);
    }

    /// <summary>As <see cref="Send"/>, after the upstream was asked and said that it still holds.</summary>
    public void SendValidated(HttpExchange exchange, StoredResponse stored, ForwardReason reason, int forwarded, long now)
    {
        Begin(exchange, stored);
        WriteAge(exchange.Response.Headers, stored.AgeAt(now) / 1000);
        status.WriteForward(exchange.Response.Headers, reason, forwarded, stored: true, collapsed: false);
    }

    private static void Begin(HttpExchange exchange, StoredResponse stored)
    {
        var request = exchange.Request;
        if (Preconditions.AreIn(request.Headers) && stored.Status == 200 && Preconditions.AreMet(request.Headers, stored.ETag, stored.Modified))
        {
            exchange.Reply(304, Reason, default, stored.NotModifiedFields);
        }
        else if (request.Headers.Contains(KnownHeader.Range) && stored.Status == 200 && request.MethodKind == HttpMethodKind.Get
            && Preconditions.RangeHolds(request.Headers, stored.ETag, stored.LastModified.Length > 0 ? stored.Modified : -1))
        {
            BeginRange(exchange, stored);
        }
        else
        {
            exchange.Reply(stored.Status, Reason, stored.Body, stored.Fields);
        }
    }

    private static void BeginRange(HttpExchange exchange, StoredResponse stored)
    {
        Span<(long Start, long Length)> ranges = stackalloc (long, long)[ByteRanges.Most];
        exchange.Request.Headers.TryGet(KnownHeader.Range, out var field);
        var length = stored.Body.Length;
        switch (ByteRanges.Parse(field, length, ranges, out var count))
        {
            case ByteRanges.Outcome.Unsatisfiable:
                exchange.Reply(416, Reason, default, stored.NotModifiedFields);
                SetText(exchange, KnownHeader.ContentRange, $"bytes */{length}");
                break;

            case ByteRanges.Outcome.Satisfiable when count == 1:
                exchange.Reply(206, Reason, stored.Body.Slice(ranges[0].Start, ranges[0].Length), stored.Fields);
                SetText(exchange, KnownHeader.ContentRange, RangeText(ranges[0], length));
                SetText(exchange, KnownHeader.ContentLength, ranges[0].Length.ToString());
                break;

            case ByteRanges.Outcome.Satisfiable:
                SendParts(exchange, stored, ranges[..count]);
                break;

            default:
                exchange.Reply(stored.Status, Reason, stored.Body, stored.Fields);
                break;
        }
    }

    // RFC 9110 §14.6.
    private static void SendParts(HttpExchange exchange, StoredResponse stored, ReadOnlySpan<(long Start, long Length)> ranges)
    {
        // Nobody may know it before: a body that holds it could pass for several parts.
        var boundary = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var body = new ArrayBufferWriter<byte>();
        var type = stored.Fields.TryGet(KnownHeader.ContentType, out var text) ? $"Content-Type: {Encoding.Latin1.GetString(text)}\r\n" : "";
        foreach (var range in ranges)
        {
            body.Write(Encoding.Latin1.GetBytes($"\r\n--{boundary}\r\n{type}Content-Range: {RangeText(range, stored.Body.Length)}\r\n\r\n"));
            foreach (var piece in stored.Body.Slice(range.Start, range.Length))
            {
                body.Write(piece.Span);
            }
        }

        body.Write(Encoding.Latin1.GetBytes($"\r\n--{boundary}--\r\n"));
        exchange.Reply(206, Reason, new ReadOnlySequence<byte>(body.WrittenMemory), stored.Fields);
        SetText(exchange, KnownHeader.ContentType, $"multipart/byteranges; boundary={boundary}");
        SetText(exchange, KnownHeader.ContentLength, body.WrittenCount.ToString());
    }

    private static string RangeText((long Start, long Length) range, long length) => $"bytes {range.Start}-{range.Start + range.Length - 1}/{length}";

    private static void SetText(HttpExchange exchange, KnownHeader field, string text) =>
        exchange.Response.Headers.Set(field, Encoding.Latin1.GetBytes(text));

    private static void WriteAge(HeaderMap headers, long seconds)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(seconds, digits, out var length);
        headers.Append(KnownHeader.Age, digits[..length]);
    }
}
