using System.Buffers;
using System.Text;

namespace FilterProxy;

/// <summary>The short names of <see cref="ResponseFlags"/>.</summary>
internal static class TemplateFlags
{
    // In the order of the bits.
    private static readonly byte[][] ShortNames =
    [
        "UH"u8.ToArray(), "UF"u8.ToArray(), "UO"u8.ToArray(), "NR"u8.ToArray(), "URX"u8.ToArray(), "UC"u8.ToArray(), "UT"u8.ToArray(),
        "UPE"u8.ToArray(), "DC"u8.ToArray(), "DPE"u8.ToArray(), "DT"u8.ToArray(), "LR"u8.ToArray(), "RL"u8.ToArray(), "UAEX"u8.ToArray(),
        "FI"u8.ToArray(), "OM"u8.ToArray(),
    ];

    private static readonly byte[][] LongNames =
        [.. Enum.GetNames<ResponseFlags>().Where(name => name != nameof(ResponseFlags.None)).Select(Encoding.ASCII.GetBytes)];

    public static bool Write(ResponseFlags flags, IBufferWriter<byte> output) => Write(flags, ShortNames, output);

    public static bool WriteLong(ResponseFlags flags, IBufferWriter<byte> output) => Write(flags, LongNames, output);

    /// <summary>Why the client's connection ended with this exchange: what was wrong with the request, or who ended it.</summary>
    public static bool WriteTermination(HttpExchange exchange, IBufferWriter<byte> output) =>
        (exchange.Error is { IsError: true, Source: ErrorSource.Downstream } && output.WriteText(exchange.Error.Detail))
        || output.WriteText(exchange.AbortReason switch
        {
            AbortReason.ClientClosed => "client_closed",
            AbortReason.RouteTimeout => "route_timeout",
            AbortReason.ClientTimeout => "client_timeout",
            AbortReason.Shutdown => "shutdown",
            AbortReason.Filter => "filter",
            _ => null,
        });

    private static bool Write(ResponseFlags flags, byte[][] names, IBufferWriter<byte> output)
    {
        var any = false;
        for (var bit = 0; flags != ResponseFlags.None && bit < names.Length; bit++)
        {
            if (((int)flags & (1 << bit)) == 0)
            {
                continue;
            }

            if (any)
            {
                output.Write(","u8);
            }

            output.Write(names[bit]);
            any = true;
        }

        return any;
    }
}
