using System.Buffers;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>Refuses request bodies that begin with an exclamation mark.</summary>
[Component("refuse")]
public sealed class RefuseFilter : IRequestBodyFilter
{
    public BodyUse UseRequestBody(HttpExchange exchange) => BodyUse.Observe;

    public ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        if (data.IsEmpty || data.FirstSpan[0] != (byte)'!')
        {
            return new(FilterStatus.Continue);
        }

        exchange.Reply(403, "refused");
        return new(FilterStatus.Stop);
    }
}
