using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy.Filters.Cache;

/// <summary>The side of the cache that faces the upstream: asks whether what is kept still holds, and takes in what comes.</summary>
internal sealed class CacheIntake(
    CacheOptions options, CacheState state, StoringPolicy policy, CacheStatus status, CachedAnswer answer)
{
    /// <summary>Before an attempt: makes it ask for what the cache needs rather than the client.</summary>
    public static void Prepare(HttpExchange exchange, RequestHead attempt, CacheWork work)
    {
        if (work.MayKeep && !attempt.Headers.Contains(KnownHeader.Authorization))
        {
            work.Origin = OriginRequest.Of(exchange, attempt);
        }

        if (!work.Validates || work.Stale is not { } stored)
        {
            return;
        }

        // RFC 9111 §4.3.1. The client's own conditions are judged here, against the answer.
        var headers = attempt.Headers;
        headers.Remove(KnownHeader.Range);
        headers.Remove(KnownHeader.IfRange);
        SetOrRemove(headers, KnownHeader.IfNoneMatch, stored.ETag);
        SetOrRemove(headers, KnownHeader.IfModifiedSince, stored.LastModified);
    }

    /// <summary>Judges a response, and may put what is kept in its place.</summary>
    public void OnResponse(HttpExchange exchange, CacheWork work, long now)
    {
        var response = exchange.Response;
        var code = response.StatusCode;
        if (MayServeStale(exchange, work, code, now))
        {
            var stale = work.Stale!;
            work.GiveUp();
            answer.Send(exchange, stale, now);
            state.Metrics.CountStale(stale);
            return;
        }

        if (exchange.HasReply)
        {
            work.GiveUp();
            return;
        }

        if (work.Invalidates)
        {
            if (code is >= 200 and < 400)
            {
                Invalidation.Apply(state.Memory, work.Key, response.Headers);
                state.Disk?.Remove(work.Key);
            }

            return;
        }

        if (work.Validates && code == 304 && work.Stale is { } stored)
        {
            Revalidated(exchange, work, stored, now);
            return;
        }

        if (exchange.Request.MethodKind == HttpMethodKind.Head)
        {
            NoteHead(exchange, work, now);
        }
        else if (work.MayKeep)
        {
            Consider(exchange, work, now);
        }

        if (work.Reason != ForwardReason.Bypass)
        {
            state.Metrics.CountMiss();
        }

        status.WriteForward(response.Headers, work.Reason, 0, work.Head is not null, work.Collapsed);
    }

    /// <summary>A piece of the body of a response that is being kept.</summary>
    public void OnBody(CacheWork work, in ReadOnlySequence<byte> data, bool end)
    {
        var body = work.Body!;
        if (body.Length + data.Length > options.MaxObject.Bytes)
        {
            state.Flights.NoteUnkept(work.Key, work.Asked);
            work.GiveUp();
            return;
        }

        foreach (var piece in data)
        {
            body.Write(piece.Span);
        }

        if (end)
        {
            if (body.Complete() is { } whole)
            {
                Keep(work.Key, work.Head! with { Body = whole });
            }

            work.GiveUp();
        }
    }

    private static void SetOrRemove(HeaderMap headers, KnownHeader field, byte[] value)
    {
        if (value.Length > 0)
        {
            headers.Set(field, value);
        }
        else
        {
            headers.Remove(field);
        }
    }

    private static bool MayServeStale(HttpExchange exchange, CacheWork work, int code, long now) =>
        work.Stale is { StaleIfError: > 0 } stale
        && (exchange.HasReply ? exchange.Error.IsError : code is 500 or 502 or 503 or 504)
        && stale.AgeAt(now) - stale.Lifetime < stale.StaleIfError;

    private void Keep(byte[] key, StoredResponse response)
    {
        state.Memory.Put(key, response);
        state.Disk?.Write(key, response);
    }

    private void Revalidated(HttpExchange exchange, CacheWork work, StoredResponse stored, long now)
    {
        var authorized = exchange.Request.Headers.Contains(KnownHeader.Authorization);
        var update = PreparedFields.From(exchange.Response.Headers);
        var fresh = policy.TryFreshen(stored, update, authorized, work.Asked, now);
        if (fresh is null)
        {
            state.Memory.Remove(work.Place!);
            state.Disk?.Remove(work.Key);
        }
        else
        {
            state.Memory.Replace(work.Place!, fresh);
            state.Disk?.Write(work.Key, fresh);
        }

        work.GiveUp();
        answer.SendValidated(exchange, fresh ?? stored, work.Reason, 304, now);
        state.Metrics.CountValidated(stored);
    }

    // RFC 9111 §4.3.5: the answer to HEAD is news of what is kept for GET.
    private void NoteHead(HttpExchange exchange, CacheWork work, long now)
    {
        if (work.Stale is not { } stored || exchange.Response.StatusCode != 200)
        {
            return;
        }

        var update = PreparedFields.From(exchange.Response.Headers);
        var isSame = Agrees(update, KnownHeader.ETag, stored.ETag) && Agrees(update, KnownHeader.LastModified, stored.LastModified)
            && (!update.TryGet(KnownHeader.ContentLength, out var length)
                || (Utf8Parser.TryParse(length, out long bytes, out var used) && used == length.Length && bytes == stored.Body.Length));
        if (isSame && policy.TryFreshen(stored, update, exchange.Request.Headers.Contains(KnownHeader.Authorization), work.Asked, now) is { } fresh)
        {
            state.Memory.Replace(work.Place!, fresh);
        }
        else if (!isSame)
        {
            state.Memory.Remove(work.Place!);
            state.Disk?.Remove(work.Key);
        }
    }

    private static bool Agrees(PreparedFields update, KnownHeader field, byte[] stored) =>
        !update.TryGet(field, out var value) || value.SequenceEqual(stored);

    private void Consider(HttpExchange exchange, CacheWork work, long now)
    {
        var headers = exchange.Response.Headers;
        long? expected = headers.TryGet(KnownHeader.ContentLength, out var text) && Utf8Parser.TryParse(text, out long length, out var used) && used == text.Length
            ? length
            : null;
        var head = expected > options.MaxObject.Bytes
            ? null
            : policy.TryKeep(exchange.Response.StatusCode, PreparedFields.From(headers), exchange.Request.Headers, work.Asked, now);
        if (head is null)
        {
            Refuse(exchange, work, now);
            return;
        }

        work.Head = head with { Origin = head.StaleWhileRevalidate > 0 ? work.Origin : null };
        if (head.Status is 204)
        {
            Keep(work.Key, work.Head);
            work.Flight?.Land();
        }
        else
        {
            work.Body = new Recording(expected);
        }
    }

    private void Refuse(HttpExchange exchange, CacheWork work, long now)
    {
        // A 304 answers the client's own condition, and 206 a part: neither says what a whole answer would be.
        if (exchange.Response.StatusCode is < 500 and not (206 or 304))
        {
            state.Flights.NoteUnkept(work.Key, now);
            if (work.Place is not null && work.Reason == ForwardReason.Stale)
            {
                // The origin has something newer, which is not for the cache.
                state.Memory.Remove(work.Place);
                state.Disk?.Remove(work.Key);
            }
        }

        work.GiveUp();
    }
}
