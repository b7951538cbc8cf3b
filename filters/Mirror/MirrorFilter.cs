using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;

namespace FilterProxy.Filters.Mirror;

/// <summary>
/// Sends a copy of some requests to another cluster and forgets the answer. The original never waits for the copy and never fails by it: a copy
/// begins when its request's body has been received whole, and is left out when too many are under way.
/// </summary>
[Component("mirror")]
public sealed class MirrorFilter : IRequestFilter, IRequestBodyFilter, IDisposable
{
    private readonly MirrorOptions _options;
    private readonly HttpClient _client;
    private readonly Slot<Copy> _copy;
    private readonly Counter<long> _copies;
    private int _inFlight;

    /// <summary>Creates one.</summary>
    public MirrorFilter(MirrorOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _client = context.CreateHttpClient(options.Cluster);
        _client.Timeout = options.Timeout > TimeSpan.Zero ? options.Timeout : Timeout.InfiniteTimeSpan;
        _copy = context.CreateSlot<Copy>("copy");
        _copies = context.Meter.CreateCounter<long>("filterproxy.mirror.copies", "{request}", "Copies of requests by result: sent, failed or left_out.");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (Random.Shared.NextDouble() * 100 < _options.Percent)
        {
            if (exchange.HasRequestBody)
            {
                exchange.Set(_copy, new Copy(MessageOf(exchange.Request)));
            }
            else
            {
                Send(MessageOf(exchange.Request));
            }
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public BodyUse UseRequestBody(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        return exchange.Get(_copy) is null ? BodyUse.None : BodyUse.Observe;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (exchange.Get(_copy) is { } copy)
        {
            if (copy.Body.WrittenCount + data.Length > _options.MaxBody.Bytes)
            {
                exchange.Set(_copy, null);
                Count("left_out");
                return new(FilterStatus.Continue);
            }

            foreach (var piece in data)
            {
                copy.Body.Write(piece.Span);
            }

            if (end)
            {
                // The client keeps fields of the content apart.
                copy.Message.Content = new ReadOnlyMemoryContent(copy.Body.WrittenMemory);
                foreach (var (name, value) in Copy.ContentFields(exchange.Request))
                {
                    copy.Message.Content.Headers.TryAddWithoutValidation(name, value);
                }

                Send(copy.Message);
            }
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private HttpRequestMessage MessageOf(RequestHead request)
    {
        var message = new HttpRequestMessage(
            new HttpMethod(request.MethodText), request.HasQuery ? $"{request.PathText}?{request.QueryText}" : request.PathText);
        foreach (var field in request.Headers)
        {
            if (field.Known is not (KnownHeader.Host or KnownHeader.ContentLength or KnownHeader.TransferEncoding))
            {
                // Fields of the content are refused here.
                message.Headers.TryAddWithoutValidation(Encoding.Latin1.GetString(field.Name), Encoding.Latin1.GetString(field.Value));
            }
        }

        message.Headers.Host = request.AuthorityText;
        if (_options.Header.Length > 0)
        {
            message.Headers.TryAddWithoutValidation(_options.Header, "1");
        }

        return message;
    }

    private void Send(HttpRequestMessage message)
    {
        if (Interlocked.Increment(ref _inFlight) > _options.MaxInFlight)
        {
            Interlocked.Decrement(ref _inFlight);
            message.Dispose();
            Count("left_out");
            return;
        }

        // Off the event loop from the first step on.
        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Filter.SendAsync(state.Message), (Filter: this, Message: message), preferLocal: false);
    }

    private async Task SendAsync(HttpRequestMessage message)
    {
        try
        {
            using (message)
            {
                using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
                Count("sent");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or InvalidOperationException or UpstreamException)
        {
            Count("failed");
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private void Count(string result) => _copies.Add(1, new KeyValuePair<string, object?>("result", result));

    private sealed record Copy(HttpRequestMessage Message)
    {
        public ArrayBufferWriter<byte> Body { get; } = new();

        public static List<(string Name, string Value)> ContentFields(RequestHead request)
        {
            var fields = new List<(string, string)>();
            foreach (var field in request.Headers)
            {
                if (field.Known != KnownHeader.ContentLength && Encoding.Latin1.GetString(field.Name).StartsWith("content-", StringComparison.OrdinalIgnoreCase))
                {
                    fields.Add((Encoding.Latin1.GetString(field.Name), Encoding.Latin1.GetString(field.Value)));
                }
            }

            return fields;
        }
    }
}
