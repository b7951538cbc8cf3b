using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace FilterProxy.Filters.Keys;

/// <summary>SipHash-2-4 with 128 bits, under a key of this process: clients choose what is hashed, and must not be able to make two keys meet.</summary>
internal static class SipHash
{
    private static readonly ulong Key0 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private static readonly ulong Key1 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    public static (ulong High, ulong Low) Of(ReadOnlySpan<byte> data) => Of(data, Key0, Key1);

    public static (ulong High, ulong Low) Of(ReadOnlySpan<byte> data, ulong key0, ulong key1)
    {
        var state = new State(key0, key1);
        var length = data.Length;
        while (data.Length >= 8)
        {
            state.Take(BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        var last = (ulong)length << 56;
        for (var i = 0; i < data.Length; i++)
        {
            last |= (ulong)data[i] << (8 * i);
        }

        state.Take(last);
        return state.End();
    }

    private struct State(ulong key0, ulong key1)
    {
        private ulong _v0 = key0 ^ 0x736f6d6570736575;
        private ulong _v1 = key1 ^ 0x646f72616e646f6d ^ 0xee;
        private ulong _v2 = key0 ^ 0x6c7967656e657261;
        private ulong _v3 = key1 ^ 0x7465646279746573;

        public void Take(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        public (ulong High, ulong Low) End()
        {
            _v2 ^= 0xee;
            var first = FourRounds();
            _v1 ^= 0xdd;
            return (first, FourRounds());
        }

        private ulong FourRounds()
        {
            Round();
            Round();
            Round();
            Round();
            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        private void Round()
        {
            _v0 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
