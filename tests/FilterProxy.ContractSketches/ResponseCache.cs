using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace FilterProxy.ContractSketches;

/// <summary>A response cache: answers from memory, and records cacheable responses as they pass.</summary>
[Component("sketch_cache")]
public sealed class ResponseCache(ComponentContext context) : IRequestFilter, IResponseFilter, IResponseBodyFilter
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new();
    private readonly Slot<Recording> _recording = context.CreateSlot<Recording>("recording");

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        if (request.MethodKind is not (HttpMethodKind.Get or HttpMethodKind.Head))
        {
            return new(FilterStatus.Continue);
        }

        var key = Encoding.Latin1.GetString([.. request.Authority, .. request.Path, (byte)'?', .. request.Query]);
        if (_entries.TryGetValue(key, out var entry))
        {
            exchange.Reply(200, "cache_hit", entry.Body);
            foreach (var (name, value) in entry.Fields)
            {
                exchange.Response.Headers.Append(name, value);
            }

            return new(FilterStatus.Stop);
        }

        // The key is of the request as it came: a rewrite may change it before the response is here.
        exchange.Set(_recording, request.MethodKind == HttpMethodKind.Get ? new Recording(key) : null);
        return new(FilterStatus.Continue);
    }

    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        var response = exchange.Response;
        if (exchange.Get(_recording) is { } recording)
        {
            if (exchange.HasReply || response.StatusCode != 200 || response.Headers["cache-control"]?.Contains("no-store") == true)
            {
                exchange.Set(_recording, null);
            }
            else
            {
                foreach (var field in response.Headers)
                {
                    recording.Fields.Add((field.Name.ToArray(), field.Value.ToArray()));
                }
            }
        }

        return default;
    }

    public BodyUse UseResponseBody(HttpExchange exchange) => exchange.Get(_recording) is null ? BodyUse.None : BodyUse.Observe;

    public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        var recording = exchange.Get(_recording)!;
        foreach (var piece in data)
        {
            recording.Body.Write(piece.Span);
        }

        if (end)
        {
            _entries[recording.Key] = new Entry(recording.Fields, recording.Body.WrittenMemory);
        }

        return new(FilterStatus.Continue);
    }

    private sealed record Entry(IReadOnlyList<(byte[] Name, byte[] Value)> Fields, ReadOnlyMemory<byte> Body);

    private sealed record Recording(string Key)
    {
        public List<(byte[] Name, byte[] Value)> Fields { get; } = [];

        public ArrayBufferWriter<byte> Body { get; } = new();
    }
}
