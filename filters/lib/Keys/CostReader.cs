using System.Buffers.Text;

namespace FilterProxy.Filters.Keys;

/// <summary>Reads from a request what it costs.</summary>
internal sealed class CostReader(Template template)
{
    private readonly long _constant = template.TryGetConstant(out var text) && Utf8Parser.TryParse(text, out long cost, out _) ? cost : 0;

    /// <summary>What is wrong with a template for costs; null for nothing.</summary>
    public static string? Problem(Template template) =>
        template.TryGetConstant(out var cost) && (!Utf8Parser.TryParse(cost, out long number, out var used) || used != cost.Length || number < 1)
            ? "must be a whole number from 1 on, or an operator"
            : null;

    /// <summary>At least 1.</summary>
    public long Of(HttpExchange exchange)
    {
        if (_constant > 0)
        {
            return _constant;
        }

        var scratch = KeyScratch.OfThread;
        var start = scratch.Written.Length;
        template.Format(exchange, scratch);
        var written = scratch.Written[start..];
        var isNumber = Utf8Parser.TryParse(written, out long cost, out var used) && used == written.Length;
        scratch.Truncate(start);

        // Digits that do not fit are a cost nobody can pay, not a free pass.
        return isNumber ? Math.Max(1, cost) : written.Length > 18 && written.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 ? long.MaxValue : 1;
    }
}
