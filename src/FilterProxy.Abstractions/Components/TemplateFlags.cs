using System.Buffers;

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

    public static bool Write(ResponseFlags flags, IBufferWriter<byte> output)
    {
        var any = false;
        for (var bit = 0; bit < ShortNames.Length; bit++)
        {
            if (((int)flags & (1 << bit)) == 0)
            {
                continue;
            }

            if (any)
            {
                output.Write(","u8);
            }

            output.Write(ShortNames[bit]);
            any = true;
        }

        return any;
    }
}
