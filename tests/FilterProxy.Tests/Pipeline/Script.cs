using System.Buffers;
using System.Collections.Concurrent;

namespace FilterProxy.Tests.Pipeline;

/// <summary>What a <see cref="ScriptedFilter"/> does in each phase; nothing where nothing is set.</summary>
internal sealed class Script
{
    private static readonly ConcurrentDictionary<string, Script> All = new();

    public Script()
    {
        Id = Guid.NewGuid().ToString("N");
        All[Id] = this;
    }

    public string Id { get; }

    /// <summary>Leaves the event loop first.</summary>
    public bool Blocking { get; init; }

    public Func<HttpExchange, FilterStatus>? Request { get; set; }

    public Func<HttpExchange, ValueTask<FilterStatus>>? RequestAsync { get; set; }

    public Func<HttpExchange, UpstreamPeer?>? Peer { get; set; }

    public Action<HttpExchange, RequestHead>? UpstreamRequest { get; set; }

    public Func<HttpExchange, UpstreamFailure, RetryAdvice>? Error { get; set; }

    public Action<HttpExchange>? Response { get; set; }

    public Func<HttpExchange, ValueTask>? ResponseAsync { get; set; }

    public Action<HttpExchange>? Logging { get; set; }

    public Func<HttpExchange, BodyUse>? UseRequestBody { get; set; }

    public Func<HttpExchange, ReadOnlySequence<byte>, bool, IBufferWriter<byte>?, FilterStatus>? RequestBody { get; set; }

    public Func<HttpExchange, BodyUse>? UseResponseBody { get; set; }

    public Func<HttpExchange, ReadOnlySequence<byte>, bool, IBufferWriter<byte>?, FilterStatus>? ResponseBody { get; set; }

    public static Script Find(string id) => All[id];
}
