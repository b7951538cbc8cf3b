using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.Metrics;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Compression;

/// <summary>Compresses responses for clients that accept it, and takes the compression off requests where it is asked to.</summary>
[Component("compression")]
public sealed class CompressionFilter : IRequestFilter, IResponseFilter, IResponseBodyFilter, ILoggingFilter
{
    private readonly CompressionOptions _options;
    private readonly ContentCoding[] _offered;
    private readonly byte[][] _names;
    private readonly MediaTypes _types;
    private readonly Slot<Work> _work;
    private readonly Counter<long> _before;
    private readonly Counter<long> _after;

    /// <summary>Creates one.</summary>
    /// <exception cref="ArgumentException">The options are wrong; the message says how.</exception>
    public CompressionFilter(CompressionOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _offered = [.. options.Encodings.Distinct()];
        _names = [.. _offered.Select(coding => coding == ContentCoding.Br ? "br"u8.ToArray() : "gzip"u8.ToArray())];
        _types = new MediaTypes(options.Types);
        _work = context.CreateSlot<Work>("work");
        _before = context.Meter.CreateCounter<long>("filterproxy.compression.read", "By", "Bytes of bodies before they were compressed.");
        _after = context.Meter.CreateCounter<long>("filterproxy.compression.written", "By", "Bytes of bodies after they were compressed.");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) =>
        _options.DecompressRequest && exchange.HasRequestBody && exchange.Request.Headers.Contains(KnownHeader.ContentEncoding)
            ? RequestDecoder.DecodeAsync(exchange, _options)
            : new(FilterStatus.Continue);

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        var headers = exchange.Response.Headers;
        if (!IsCompressible(exchange, headers, out var known))
        {
            return default;
        }

        // Also where this client gets it plain: a cache between must not give one's body to the other.
        AddVary(headers);
        var chosen = exchange.Request.MethodKind == HttpMethodKind.Head ? -1 : AcceptEncoding.Choose(exchange.Request.Headers, _names);
        if (chosen < 0)
        {
            return default;
        }

        headers.Set(KnownHeader.ContentEncoding, _names[chosen]);

        // Of bytes that are no longer sent. The engine sees to Content-Length and a strong ETag.
        headers.Remove(KnownHeader.AcceptRanges);
        headers.Remove("Content-MD5"u8);
        headers.Remove("Content-Digest"u8);
        exchange.Set(_work, new Work(BodyEncoder.Create(_offered[chosen], _options), _names[chosen], Streams: !known));
        return default;
    }

    /// <inheritdoc/>
    public BodyUse UseResponseBody(HttpExchange exchange)
    {
        if (exchange.Get(_work) is not { } work)
        {
            return BodyUse.None;
        }

        if (exchange.Response.Headers.TryGet(KnownHeader.ContentEncoding, out var coding) && coding.SequenceEqual(work.Coding))
        {
            return BodyUse.Transform;
        }

        // A filter that stands before this one has put an answer of its own in place of what was to be compressed, e.g. an error page.
        work.Encoder.Dispose();
        exchange.Set(_work, null);
        return BodyUse.None;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        var work = exchange.Get(_work)!;
        var counting = new CountingWriter(output!);
        foreach (var piece in data)
        {
            work.Encoder.Write(piece.Span, counting);
        }

        if (end)
        {
            work.Encoder.End(counting);
        }
        else if (work.Streams)
        {
            // Whoever sends without saying how much may stop at any time, with the client waiting for what has come.
            work.Encoder.Flush(counting);
        }

        _before.Add(data.Length);
        _after.Add(counting.Count);
        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange) => exchange.Get(_work)?.Encoder.Dispose();

    private bool IsCompressible(HttpExchange exchange, HeaderMap headers, out bool known)
    {
        known = false;
        if (exchange.Response.StatusCode is < 200 or 204 or 205 or 206 or 304
            || !headers.TryGet(KnownHeader.ContentType, out var type) || !_types.Contains(type) || type.StartsWith("text/event-stream"u8)
            || headers.Contains(KnownHeader.ContentRange)
            || (headers.TryGet(KnownHeader.ContentEncoding, out var encoding) && !HeaderName.Equals(encoding, "identity"u8))
            || ForbidsTransform(headers))
        {
            return false;
        }

        if (headers.TryGet(KnownHeader.ContentLength, out var text) && Utf8Parser.TryParse(text, out long length, out var used) && used == text.Length)
        {
            known = true;
            return length >= _options.MinSize.Bytes;
        }

        return true;
    }

    // RFC 9111 §5.2.2.6.
    private static bool ForbidsTransform(HeaderMap headers)
    {
        foreach (var line in headers.Values(KnownHeader.CacheControl))
        {
            foreach (var item in new ListItems(line))
            {
                if (HeaderName.Equals(item, "no-transform"u8))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static void AddVary(HeaderMap headers)
    {
        foreach (var line in headers.Values(KnownHeader.Vary))
        {
            foreach (var item in new ListItems(line))
            {
                if (HeaderName.Equals(item, "accept-encoding"u8) || item.SequenceEqual("*"u8))
                {
                    return;
                }
            }
        }

        headers.Append(KnownHeader.Vary, "Accept-Encoding"u8);
    }

    private sealed record Work(BodyEncoder Encoder, byte[] Coding, bool Streams);

    private sealed class CountingWriter(IBufferWriter<byte> output) : IBufferWriter<byte>
    {
        public long Count { get; private set; }

        public void Advance(int count)
        {
            Count += count;
            output.Advance(count);
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => output.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => output.GetSpan(sizeHint);
    }
}
