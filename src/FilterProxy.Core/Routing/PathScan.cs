using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FilterProxy.Core.Routing;

/// <summary>The one look every path gets: is there anything in it that normalisation could touch?</summary>
internal static class PathScan
{
    /// <summary>Whether a path that begins with a slash holds no <c>%</c>, backslash, <c>//</c> or <c>/.</c>.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> path)
    {
        // The first byte is a slash, so each step looks at a byte together with the one before it.
        if (!Vector128.IsHardwareAccelerated || path.Length <= Vector128<byte>.Count)
        {
            for (var i = 1; i < path.Length; i++)
            {
                var b = path[i];
                if (b is (byte)'%' or (byte)'\\' || (path[i - 1] == (byte)'/' && b is (byte)'/' or (byte)'.'))
                {
                    return false;
                }
            }

            return true;
        }

        ref var start = ref MemoryMarshal.GetReference(path);
        var last = path.Length - Vector128<byte>.Count - 1;
        for (var i = 0; ; i = Math.Min(i + Vector128<byte>.Count, last))
        {
            var before = Vector128.LoadUnsafe(ref start, (nuint)i);
            var at = Vector128.LoadUnsafe(ref start, (nuint)(i + 1));
            var slash = Vector128.Create((byte)'/');
            var special = Vector128.Equals(at, Vector128.Create((byte)'%')) | Vector128.Equals(at, Vector128.Create((byte)'\\'));
            var slashOrDot = Vector128.Equals(at, slash) | Vector128.Equals(at, Vector128.Create((byte)'.'));
            var found = special | (Vector128.Equals(before, slash) & slashOrDot);
            if (found != Vector128<byte>.Zero)
            {
                return false;
            }

            if (i == last)
            {
                return true;
            }
        }
    }
}
