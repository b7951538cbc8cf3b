namespace FilterProxy.Filters.Resp;

/// <summary>Which of the 16384 slots of a redis cluster a key is in.</summary>
internal static class RespSlots
{
    public const int Count = 16384;

    private static readonly ushort[] Table = MakeTable();

    /// <summary>CRC16 (XMODEM) of the key, or of what stands in its first braces where that is not empty: keys that must be together share it.</summary>
    public static int Of(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            var length = key[(open + 1)..].IndexOf((byte)'}');
            key = length > 0 ? key.Slice(open + 1, length) : key;
        }

        ushort crc = 0;
        foreach (var b in key)
        {
            crc = (ushort)((crc << 8) ^ Table[(byte)((crc >> 8) ^ b)]);
        }

        return crc & (Count - 1);
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = (ushort)(i << 8);
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (ushort)((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
            }

            table[i] = crc;
        }

        return table;
    }
}
