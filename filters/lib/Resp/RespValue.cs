using System.Buffers.Text;
using System.Text;

namespace FilterProxy.Filters.Resp;

/// <summary>One value as the server sent it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Integer">A whole number, or 1 and 0 of a boolean.</param>
/// <param name="Bytes">Of a text, an error, bytes or a number with a fraction.</param>
/// <param name="Items">Of an array, a map (keys and values in turn) or a push.</param>
internal readonly record struct RespValue(RespKind Kind, long Integer, byte[] Bytes, RespValue[] Items)
{
    public static RespValue Null => new(RespKind.Null, 0, [], []);

    public bool IsNull => Kind == RespKind.Null;

    public bool IsError => Kind == RespKind.Error;

    /// <summary>The bytes as text. For messages and small values: it allocates.</summary>
    public string Text => Kind is RespKind.Integer or RespKind.Boolean ? Integer.ToString(System.Globalization.CultureInfo.InvariantCulture) : Encoding.UTF8.GetString(Bytes);

    public static RespValue OfInteger(long value) => new(RespKind.Integer, value, [], []);

    public static RespValue OfBytes(RespKind kind, byte[] bytes) => new(kind, 0, bytes, []);

    public static RespValue OfItems(RespKind kind, RespValue[] items) => new(kind, 0, [], items);

    /// <summary>A whole number, also one that came as text: scripts answer with either.</summary>
    public bool TryGetInteger(out long value)
    {
        value = Integer;
        return Kind is RespKind.Integer or RespKind.Boolean
            || (Kind is RespKind.Bulk or RespKind.Simple && Utf8Parser.TryParse(Bytes, out value, out var used) && used == Bytes.Length);
    }

    /// <summary>Whether it is an error with this code, its first word.</summary>
    public bool IsErrorOf(ReadOnlySpan<byte> code) =>
        IsError && Bytes.AsSpan().StartsWith(code) && (Bytes.Length == code.Length || Bytes[code.Length] == (byte)' ');
}
