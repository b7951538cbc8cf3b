using System.Buffers;

namespace FilterProxy.Filters.Cookies;

/// <summary>Rewrites attributes of the cookies an upstream sets, so that they fit where clients see it.</summary>
[Component("cookies")]
public sealed class CookiesFilter(CookiesOptions options) : IResponseFilter
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    private readonly CookieRewriter _rewriter = new(options);

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        var headers = exchange.Response.Headers;
        if (!headers.Contains(KnownHeader.SetCookie))
        {
            return default;
        }

        // All lines in a row, each behind its length: the map must not change while it is read.
        var scratch = _scratch ??= new ArrayBufferWriter<byte>(512);
        scratch.ResetWrittenCount();
        Span<int> ends = stackalloc int[128];
        var (count, changed) = (0, false);
        foreach (var line in headers.Values(KnownHeader.SetCookie))
        {
            // More cookies than browsers keep for a site: the rest stays as it is.
            if (count == ends.Length)
            {
                return default;
            }

            var start = scratch.WrittenCount;
            var rewritten = _rewriter.TryRewrite(line, scratch);
            if (!rewritten && scratch.WrittenCount == start)
            {
                scratch.Write(line);
            }

            changed |= rewritten;
            ends[count++] = scratch.WrittenCount;
        }

        if (changed)
        {
            headers.Remove(KnownHeader.SetCookie);
            for (var (i, start) = (0, 0); i < count; start = ends[i++])
            {
                headers.Append(KnownHeader.SetCookie, scratch.WrittenSpan[start..ends[i]]);
            }
        }

        return default;
    }
}
