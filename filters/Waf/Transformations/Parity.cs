using System.Numerics;

namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>The eighth bit as parity of the other seven.</summary>
internal static class Parity
{
    public static int Even(ReadOnlySpan<char> input, Span<char> output) => Write(input, output, 0);

    public static int Odd(ReadOnlySpan<char> input, Span<char> output) => Write(input, output, 1);

    public static int Zero(ReadOnlySpan<char> input, Span<char> output)
    {
        for (var at = 0; at < input.Length; at++)
        {
            output[at] = (char)(input[at] & 0x7F);
        }

        return input.Length;
    }

    private static int Write(ReadOnlySpan<char> input, Span<char> output, int parity)
    {
        for (var at = 0; at < input.Length; at++)
        {
            var bits = input[at] & 0x7F;
            output[at] = (char)((BitOperations.PopCount((uint)bits) & 1) == parity ? bits : bits | 0x80);
        }

        return input.Length;
    }
}
