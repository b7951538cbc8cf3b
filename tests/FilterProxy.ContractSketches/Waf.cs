using System.Buffers;

namespace FilterProxy.ContractSketches;

/// <summary>A web application firewall: reads both bodies whole before the other side sees a byte of them.</summary>
[Component("sketch_waf")]
public sealed class Waf : IRequestFilter, IResponseFilter
{
    private const long Max = 64 * 1024;

    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!exchange.HasRequestBody)
        {
            return FilterStatus.Continue;
        }

        var buffered = await exchange.BufferRequestBodyAsync(Max);
        if (buffered.Status == BufferStatus.TooLarge)
        {
            exchange.Reply(413, "waf_body_too_large");
            return FilterStatus.Stop;
        }

        if (Contains(buffered.Body, "DROP TABLE"u8))
        {
            exchange.Reply(403, "waf_request", "Refused.\n"u8.ToArray(), "text/plain");
            return FilterStatus.Stop;
        }

        return FilterStatus.Continue;
    }

    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        // Its own refusals and other local replies come here too.
        if (exchange.HasReply)
        {
            return;
        }

        var buffered = await exchange.BufferResponseBodyAsync(Max);
        if (Contains(buffered.Body, "BEGIN PRIVATE KEY"u8))
        {
            exchange.Reply(502, "waf_response", "Refused.\n"u8.ToArray(), "text/plain");
        }
    }

    private static bool Contains(in ReadOnlySequence<byte> body, ReadOnlySpan<byte> text) =>
        new SequenceReader<byte>(body).TryReadTo(out ReadOnlySequence<byte> _, text);
}
