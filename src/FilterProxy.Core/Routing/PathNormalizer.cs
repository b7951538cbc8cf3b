namespace FilterProxy.Core.Routing;

/// <summary>
/// The one place that decides how a path is spelled: applied once, before routing, so that what a route matched, a filter
/// judged and the upstream got is the same bytes.
/// </summary>
internal static class PathNormalizer
{
    /// <summary>
    /// Brings the path into normal form, or says why not. The query is never touched; neither are <c>*</c> and the empty path
    /// of a CONNECT. A path already in normal form costs one scan and no byte is written.
    /// </summary>
    public static ProxyError Apply(RequestHead head, PathRules rules)
    {
        var path = head.Path;
        if (rules.Policy == PathPolicy.Raw || path.IsEmpty || path[0] != (byte)'/' || PathScan.IsPlain(path))
        {
            return default;
        }

        return Normalize(head, path, rules);
    }

    private static ProxyError Normalize(RequestHead head, ReadOnlySpan<byte> path, PathRules rules)
    {
        // Worked out in the free end of the block and claimed only if it differs.
        var scratch = head.Block.GetSpan(path.Length * PercentEncoding.MaxGrowth);
        if (!PercentEncoding.TryNormalize(path, rules.EncodedSlashes, scratch, out var length, out var detail)
            || !TryResolve(scratch[..length], rules.MergeSlashes, out length, out detail))
        {
            return ProxyError.Downstream(ProxyErrorKind.BadRequest, detail);
        }

        var normal = scratch[..length];
        if (normal.SequenceEqual(path))
        {
            return default;
        }

        if (rules.Policy == PathPolicy.Reject)
        {
            return ProxyError.Downstream(ProxyErrorKind.BadRequest, "path_not_normal");
        }

        head.SetPath(normal);
        return default;
    }

    // RFC 3986 §5.2.4, in place: the result never overtakes what is still to be read. Slashes merge first, so that
    // "/a//../b" is "/b", as a file system reads it, and not "/a/b".
    private static bool TryResolve(Span<byte> path, bool mergeSlashes, out int length, out string? error)
    {
        length = 0;
        error = null;
        for (var slash = 0; slash < path.Length;)
        {
            var size = path[(slash + 1)..].IndexOf((byte)'/');
            var end = size < 0 ? path.Length : slash + 1 + size;
            var segment = path[(slash + 1)..end];
            var isLast = end == path.Length;
            var vanishes = true;
            if (segment.SequenceEqual(".."u8))
            {
                if (length == 0)
                {
                    error = "path_above_root";
                    return false;
                }

                length = path[..length].LastIndexOf((byte)'/');
            }
            else if (!segment.SequenceEqual("."u8) && !(segment.IsEmpty && mergeSlashes))
            {
                vanishes = false;
                if (HidesParent(segment))
                {
                    error = "encoded_dot_segment";
                    return false;
                }

                path[slash..end].CopyTo(path[length..]);
                length += end - slash;
            }

            // What ended in a directory still does: "/a/b/.." is "/a/".
            if (vanishes && isLast)
            {
                path[length++] = (byte)'/';
            }

            slash = end;
        }

        return true;
    }

    // "..%2Fadmin" is one segment here and two to an upstream that decodes first: it would leave the directory the route
    // matched. No honest client sends it.
    private static bool HidesParent(ReadOnlySpan<byte> segment)
    {
        if (!segment.Contains((byte)'%'))
        {
            return false;
        }

        var isParted = false;
        for (var i = segment.IndexOf((byte)'%'); i >= 0;)
        {
            if (segment[(i + 1)..].StartsWith("2F"u8) || segment[(i + 1)..].StartsWith("5C"u8))
            {
                if (segment[..i].SequenceEqual(".."u8))
                {
                    return true;
                }

                isParted = true;
                segment = segment[(i + 3)..];
                i = segment.IndexOf((byte)'%');
            }
            else
            {
                var next = segment[(i + 1)..].IndexOf((byte)'%');
                i = next < 0 ? -1 : i + 1 + next;
            }
        }

        return isParted && segment.SequenceEqual(".."u8);
    }
}
