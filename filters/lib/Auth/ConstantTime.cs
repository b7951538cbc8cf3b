using System.Numerics;
using System.Runtime.CompilerServices;

namespace FilterProxy.Filters.Auth;

/// <summary>
/// Compares secrets in a time that depends on their length alone. As <see cref="System.Security.Cryptography.CryptographicOperations"/> does, but by
/// whole vectors: tokens are long, and are compared for every request.
/// </summary>
internal static class ConstantTime
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        var wide = Vector<byte>.Zero;
        var i = 0;
        for (; i <= left.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            wide |= new Vector<byte>(left[i..]) ^ new Vector<byte>(right[i..]);
        }

        var rest = 0;
        for (; i < left.Length; i++)
        {
            rest |= left[i] ^ right[i];
        }

        return (wide == Vector<byte>.Zero) & (rest == 0);
    }
}
