using System.Text;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>Whether a response may be kept (RFC 9111 §3) and for how long it is fresh (§4.2).</summary>
internal sealed class StoringPolicy(CacheOptions options)
{
    private const int MostVaryBytes = 4096;
    private const int MostTags = 64;

    private readonly byte[][] _targeted = [.. options.TargetedFields.Select(Encoding.ASCII.GetBytes)];
    private readonly byte[][] _tagFields = [.. options.TagFields.Select(Encoding.ASCII.GetBytes)];

    /// <summary>What is to be kept of a response, without its body; null where it must not be kept.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="fields">Its fields as the upstream sent them.</param>
    /// <param name="authorized">Whether the request had Authorization.</param>
    /// <param name="vary">What it depends on besides its key.</param>
    /// <param name="asked">When the request went out, in milliseconds since 1970.</param>
    /// <param name="now">When the response came.</param>
    public StoredResponse? TryKeep(int status, PreparedFields fields, bool authorized, VaryKey? vary, long asked, long now)
    {
        var control = ControlOf(fields, out var targeted);
        if (!MayKeep(status, control, authorized, fields))
        {
            return null;
        }

        var date = TimeOf(fields, KnownHeader.Date);
        var lifetime = LifetimeOf(status, fields, control, targeted, date ?? now / 1000);
        if (lifetime is null && !IsHeuristic(status) && !control.Public)
        {
            return null;
        }

        var etag = fields.TryGet(KnownHeader.ETag, out var tag) ? tag.ToArray() : [];
        var modified = fields.TryGet(KnownHeader.LastModified, out var text) ? text.ToArray() : [];
        var response = new StoredResponse
        {
            Status = status,
            Fields = Clean(fields, control, now),
            Vary = vary,
            Received = now,
            InitialAge = InitialAge(fields, date, asked, now),
            Lifetime = control.NoCache ? 0 : (lifetime ?? 0) * 1000,
            ForbidsStale = control.ForbidsStale,
            StaleWhileRevalidate = Window(control, control.StaleWhileRevalidate, options.StaleWhileRevalidate),
            StaleIfError = Window(control, control.StaleIfError, options.StaleIfError),
            ETag = etag,
            LastModified = modified,
            Modified = TimeOf(fields, KnownHeader.LastModified) ?? date ?? -1,
            Tags = TagsOf(fields),
        };
        var isOfUse = response.HasValidator
            || Math.Max(response.StaleWhileRevalidate, response.StaleIfError) + response.Lifetime > response.InitialAge;
        return isOfUse ? response : null;
    }

    /// <summary>As <see cref="TryKeep(int, PreparedFields, bool, VaryKey?, long, long)"/>, for the answer to a request of a client.</summary>
    public StoredResponse? TryKeep(int status, PreparedFields fields, HeaderMap request, long asked, long now) =>
        VaryKey.TryCreate(fields, request, options.MaxVaryFields, MostVaryBytes, out var vary)
            ? TryKeep(status, fields, request.Contains(KnownHeader.Authorization), vary, asked, now)
            : null;

    /// <summary>A kept response made fresh by a 304, or by the answer to HEAD (RFC 9111 §3.2 and §4.3.4); null where it must go.</summary>
    public StoredResponse? TryFreshen(StoredResponse stored, PreparedFields update, bool authorized, long asked, long now)
    {
        var merged = PreparedFields.Build((stored.Fields, update), static (map, state) =>
        {
            foreach (var field in state.Fields)
            {
                // Its Date is of the old message: an update without one is as new as its arrival.
                if (IsKept(field) || (field.Known != KnownHeader.Date && !Has(state.update, field.Name)))
                {
                    map.Append(field.Name, field.Value);
                }
            }

            foreach (var field in state.update)
            {
                if (!IsKept(field))
                {
                    map.Append(field.Name, field.Value);
                }
            }
        });
        var fresh = TryKeep(stored.Status, merged, authorized, stored.Vary, asked, now);
        return fresh is null ? null : fresh with { Body = stored.Body, Origin = stored.Origin, Uses = stored.Uses };
    }

    // What frames or encodes the body that is kept stays as it was (RFC 9111 §3.2).
    private static bool IsKept(in HeaderMap.Field field) =>
        field.Known is KnownHeader.ContentLength or KnownHeader.ContentEncoding or KnownHeader.ContentRange or KnownHeader.TransferEncoding;

    private static bool Has(PreparedFields fields, ReadOnlySpan<byte> name)
    {
        foreach (var field in fields)
        {
            if (HeaderName.Equals(field.Name, name))
            {
                return true;
            }
        }

        return false;
    }

    private CacheControl ControlOf(PreparedFields fields, out bool targeted)
    {
        foreach (var name in _targeted)
        {
            if (TargetedControl.TryRead(fields, name, out var own))
            {
                targeted = true;
                return own;
            }
        }

        targeted = false;
        var control = new CacheControl();
        foreach (var field in fields)
        {
            if (field.Known == KnownHeader.CacheControl)
            {
                control.Add(field.Value);
            }
        }

        return control;
    }

    private bool MayKeep(int status, in CacheControl control, bool authorized, PreparedFields fields)
    {
        if (status is < 200 or 206 or 304 || control.Private || IsEventStream(fields))
        {
            return false;
        }

        // RFC 9111 §5.2.2.3: who understands the status looks past no-store, and nobody else keeps the response.
        if (control.MustUnderstand ? !IsUnderstood(status) : control.NoStore)
        {
            return false;
        }

        // RFC 9111 §3.5.
        if (authorized && !control.Public && control.SharedMaxAge < 0 && !control.MustRevalidate)
        {
            return false;
        }

        return options.SetCookie != SetCookiePolicy.Skip || !fields.Contains(KnownHeader.SetCookie);
    }

    // It has no end to wait for.
    private static bool IsEventStream(PreparedFields fields) =>
        fields.TryGet(KnownHeader.ContentType, out var type) && type.StartsWith("text/event-stream"u8);

    // In seconds; null where nothing tells.
    private long? LifetimeOf(int status, PreparedFields fields, in CacheControl control, bool targeted, long date)
    {
        if (control.SharedMaxAge >= 0)
        {
            return control.SharedMaxAge;
        }

        if (control.MaxAge >= 0)
        {
            return control.MaxAge;
        }

        if (!targeted && fields.Contains(KnownHeader.Expires))
        {
            // RFC 9111 §5.3: what is no date is a time in the past.
            return TimeOf(fields, KnownHeader.Expires) is { } expires ? Math.Max(0, expires - date) : 0;
        }

        if (!IsHeuristic(status) && !control.Public)
        {
            return null;
        }

        if (options.DefaultFreshness > TimeSpan.Zero)
        {
            return (long)options.DefaultFreshness.TotalSeconds;
        }

        return TimeOf(fields, KnownHeader.LastModified) is { } modified && modified < date
            ? Math.Min((date - modified) * options.HeuristicPercent / 100, (long)options.HeuristicMax.TotalSeconds)
            : null;
    }

    // RFC 9111 §4.2.3, in milliseconds.
    private static long InitialAge(PreparedFields fields, long? date, long asked, long now)
    {
        var apparent = date is { } known ? Math.Max(0, (now / 1000) - known) * 1000 : 0;
        var corrected = AgeOf(fields) + Math.Max(0, now - asked);
        return Math.Max(apparent, corrected);
    }

    // RFC 9111 §5.1: of a list the first counts; what is no number does not.
    private static long AgeOf(PreparedFields fields)
    {
        if (!fields.TryGet(KnownHeader.Age, out var text))
        {
            return 0;
        }

        var comma = text.IndexOf((byte)',');
        text = (comma < 0 ? text : text[..comma]).Trim((byte)' ');
        return text.IsEmpty || text.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? 0 : CacheControl.Seconds(text) * 1000;
    }

    private static long? TimeOf(PreparedFields fields, KnownHeader field) =>
        fields.TryGet(field, out var text) && HttpTime.TryParse(text, out var seconds) ? seconds : null;

    private static long Window(in CacheControl control, long told, TimeSpan otherwise) =>
        control.ForbidsStale ? 0 : told >= 0 ? told * 1000 : (long)otherwise.TotalMilliseconds;

    // RFC 9111 §3.1 and what the origin said is not for the cache.
    private PreparedFields Clean(PreparedFields fields, in CacheControl control, long now) => PreparedFields.Build(
        (Fields: fields, control.Withheld, Now: now, Strip: options.SetCookie == SetCookiePolicy.Strip),
        static (map, state) =>
        {
            foreach (var field in state.Fields)
            {
                if (field.Known is KnownHeader.Age or KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection
                        or KnownHeader.Upgrade or KnownHeader.TransferEncoding or KnownHeader.ProxyAuthenticate
                        or KnownHeader.ProxyAuthorization or KnownHeader.Trailer or KnownHeader.Warning
                    || (field.Known == KnownHeader.SetCookie && state.Strip)
                    || HeaderName.Equals(field.Name, "Proxy-Authentication-Info"u8))
                {
                    continue;
                }

                map.Append(field.Name, field.Value);
            }

            foreach (var name in state.Withheld ?? [])
            {
                map.Remove(name);
            }

            if (!map.Contains(KnownHeader.Date))
            {
                // RFC 9110 §6.6.1: whoever keeps it says when it came.
                Span<byte> date = stackalloc byte[HttpTime.Length];
                HttpTime.Format(state.Now / 1000, date);
                map.Append(KnownHeader.Date, date);
            }
        });

    private string[] TagsOf(PreparedFields fields)
    {
        List<string>? tags = null;
        foreach (var field in fields)
        {
            foreach (var name in _tagFields)
            {
                if (!HeaderName.Equals(field.Name, name))
                {
                    continue;
                }

                // Cache-Tag separates by commas, Surrogate-Key by spaces.
                foreach (var word in Encoding.Latin1.GetString(field.Value).Split([' ', ',', '\t'], MostTags, StringSplitOptions.RemoveEmptyEntries))
                {
                    (tags ??= []).Add(word);
                }
            }
        }

        return tags is null ? [] : [.. tags.Distinct(StringComparer.Ordinal).Take(MostTags)];
    }

    // RFC 9110 §15.1.
    private static bool IsHeuristic(int status) => status is 200 or 203 or 204 or 300 or 301 or 308 or 404 or 405 or 410 or 414 or 501;

    private static bool IsUnderstood(int status) =>
        status is 200 or 203 or 204 or 300 or 301 or 302 or 303 or 307 or 308 or 400 or 401 or 403 or 404 or 405 or 410 or 414 or 501;
}
