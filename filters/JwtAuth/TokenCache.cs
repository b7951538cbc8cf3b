using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>
/// Tokens that were found right, found again by their bytes. Never more than it was made for: a new one takes the place of one that is over, or of
/// the one that would be first. Only right tokens come in, so nobody can fill it with others.
/// </summary>
internal sealed class TokenCache
{
    private const int Ways = 4;
    private const int TailLength = 16;

    private readonly VerifiedToken?[] _slots;
    private readonly int _mask;
    private readonly ulong _seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) | 1;

    /// <param name="size">The most tokens, rounded up to a power of two; 0 for none.</param>
    public TokenCache(int size)
    {
        var sets = size == 0 ? 0 : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, size / Ways));
        (_slots, _mask) = (new VerifiedToken?[sets * Ways], sets - 1);
    }

    public int Capacity => _slots.Length;

    public int Count => _slots.Count(slot => slot is not null);

    public VerifiedToken? Find(ReadOnlySpan<byte> text)
    {
        if (_slots.Length == 0 || text.Length < TailLength)
        {
            return null;
        }

        var first = SetOf(text);
        for (var i = first; i < first + Ways; i++)
        {
            if (Volatile.Read(ref _slots[i]) is { } token && token.Is(text))
            {
                return token;
            }
        }

        return null;
    }

    public void Add(ReadOnlySpan<byte> text, VerifiedToken token)
    {
        if (_slots.Length == 0 || text.Length < TailLength)
        {
            return;
        }

        var first = SetOf(text);
        var place = first;
        for (var i = first; i < first + Ways; i++)
        {
            if (_slots[i] is not { } other || other.Is(text))
            {
                place = i;
                break;
            }

            place = other.Until < _slots[place]!.Until ? i : place;
        }

        Volatile.Write(ref _slots[place], token);
    }

    public void Clear() => Array.Clear(_slots);

    // The end of a token is the end of its signature, which is as good as random; the seed keeps its place from being foreseen.
    private int SetOf(ReadOnlySpan<byte> text)
    {
        var tail = text[^TailLength..];
        var mixed = Math.BigMul(BinaryPrimitives.ReadUInt64LittleEndian(tail) ^ _seed, BinaryPrimitives.ReadUInt64LittleEndian(tail[8..]) + _seed, out var low);
        return (int)((mixed ^ low) & (uint)_mask) * Ways;
    }
}
