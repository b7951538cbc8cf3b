using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Brings memory into the processor's cache before it is needed: with hundreds of connections none of what one of them needs is there any more when its turn comes,
/// and a thread that waits for a line at a time waits longer than it works. A hint, which costs next to nothing and changes nothing.
/// </summary>
internal static unsafe class CacheLines
{
    private const int LineSize = 64;

    /// <summary>Asks for an object and what lies behind it, which is what was allocated with it.</summary>
    /// <param name="start">Null for nothing. Not held: where it moves to in the meantime, other memory is fetched.</param>
    /// <param name="lines">Lines of 64 bytes.</param>
    public static void Fetch(object? start, int lines)
    {
        if (start is null || !Sse.IsSupported)
        {
            return;
        }

        var at = (byte*)Unsafe.As<object, nint>(ref start);
        for (var i = 0; i < lines; i++)
        {
            Sse.Prefetch0(at + (i * LineSize));
        }
    }
}
