using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.Keys;

/// <summary>A key that is the same in every instance and after a restart: an address, or what a template gives, by its hash where that is long.</summary>
/// <param name="Id">What it is looked up by in this process.</param>
/// <param name="Name">What it is called outside of it, in redis or a file: letters, digits and a colon.</param>
/// <param name="Shown">What operators see.</param>
internal readonly record struct SharedKey(KeyId Id, string Name, string Shown)
{
    private const int Longest = SHA256.HashSizeInBytes, MostShown = 64;

    /// <summary>Only what it is looked up by: for each request.</summary>
    public static bool TryRead(KeyReader reader, HttpExchange exchange, out KeyId id)
    {
        if (!reader.TryRead(exchange, out id, out var text))
        {
            return false;
        }

        if (text.Length > Longest)
        {
            Span<byte> hash = stackalloc byte[Longest];
            SHA256.HashData(text, hash);
            id = KeyReader.OfBytes(hash);
        }

        return true;
    }

    /// <summary>All of it.</summary>
    public static bool TryRead(KeyReader reader, HttpExchange exchange, out SharedKey key)
    {
        var isThere = reader.TryRead(exchange, out var id, out var text);
        key = isThere ? Of(id, text) : default;
        return isThere;
    }

    /// <summary>The key of an address.</summary>
    public static SharedKey OfAddress(KeyReader reader, System.Net.IPAddress? address) => Of(reader.OfAddress(address), []);

    /// <summary>Who is meant by what an operator writes.</summary>
    public static SharedKey Parse(KeyReader reader, string text)
    {
        var id = reader.Parse(text);
        return Of(id, id.IsAddress ? [] : Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The key of a name; null when it is none of ours.</summary>
    public static KeyId? IdOf(string name)
    {
        if (name.Length == 34 && name.StartsWith("a:", StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(2, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            && ulong.TryParse(name.AsSpan(18, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
        {
            return new KeyId(high, low, true);
        }

        Span<byte> bytes = stackalloc byte[Longest];
        if (!name.StartsWith("k:", StringComparison.Ordinal) || name.Length > 2 + (2 * Longest)
            || Convert.FromHexString(name.AsSpan(2), bytes, out _, out var length) != System.Buffers.OperationStatus.Done)
        {
            return null;
        }

        return length == 0 ? KeyId.Shared : KeyReader.OfBytes(bytes[..length]);
    }

    /// <summary>Text of a client's without what would forge lines.</summary>
    public static string Plain(ReadOnlySpan<byte> text) =>
        string.Create(text.Length, text, static (span, bytes) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = bytes[i] is > 0x20 and < 0x7F ? (char)bytes[i] : '?';
            }
        });

    private static SharedKey Of(KeyId id, ReadOnlySpan<byte> text)
    {
        if (id.IsAddress)
        {
            return new(id, $"a:{id.High:x16}{id.Low:x16}", id.Show(default));
        }

        if (id == KeyId.Shared)
        {
            return new(id, "k:", id.Show(default));
        }

        var canonical = text.Length > Longest ? SHA256.HashData(text) : text.ToArray();
        return new(KeyReader.OfBytes(canonical), $"k:{Convert.ToHexStringLower(canonical)}", Plain(text.Length > MostShown ? text[..MostShown] : text));
    }
}
