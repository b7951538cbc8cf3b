using System.Buffers;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.Cache;

/// <summary>The request fields a response depends on, with the values they had in the request it answered (RFC 9111 §4.1). Immutable.</summary>
internal sealed class VaryKey
{
    // Values are compared as they came first; only where that fails in their normal form.
    private readonly (byte[] Name, byte[]? Value, byte[]? Normal)[] _fields;

    private VaryKey((byte[], byte[]?, byte[]?)[] fields) => _fields = fields;

    /// <summary>Bytes it takes, more or less.</summary>
    public int Size => _fields.Sum(f => f.Name.Length + (2 * (f.Value?.Length ?? 0)) + 64);

    /// <summary>The names, for whoever keeps the response elsewhere.</summary>
    public IEnumerable<(byte[] Name, byte[]? Value)> Fields => _fields.Select(f => (f.Name, f.Value));

    /// <summary>Reads the Vary of a response. False where no request could ever match, or there is too much of it.</summary>
    /// <param name="response">The response's fields.</param>
    /// <param name="request">The request's.</param>
    /// <param name="mostFields">How many names it may have.</param>
    /// <param name="mostBytes">How long the values may be together.</param>
    /// <param name="key">Null where the response does not vary.</param>
    public static bool TryCreate(PreparedFields response, HeaderMap request, int mostFields, int mostBytes, out VaryKey? key)
    {
        key = null;
        if (!response.Contains(KnownHeader.Vary))
        {
            return true;
        }

        var fields = new List<(byte[], byte[]?, byte[]?)>();
        var bytes = 0;
        foreach (var field in response)
        {
            if (field.Known != KnownHeader.Vary)
            {
                continue;
            }

            foreach (var name in new ListItems(field.Value))
            {
                if (name.SequenceEqual("*"u8) || fields.Count >= mostFields || !HeaderName.IsToken(name))
                {
                    return false;
                }

                var value = Combine(request, name);
                bytes += value?.Length ?? 0;
                if (bytes > mostBytes)
                {
                    return false;
                }

                fields.Add((name.ToArray(), value, value is null ? null : Normalize(name, value)));
            }
        }

        key = fields.Count == 0 ? null : new VaryKey([.. fields]);
        return true;
    }

    /// <summary>As it was written elsewhere.</summary>
    public static VaryKey Restore(IEnumerable<(byte[] Name, byte[]? Value)> fields) =>
        new([.. fields.Select(f => (f.Name, f.Value, f.Value is null ? null : Normalize(f.Name, f.Value)))]);

    /// <summary>Whether a request's fields are those.</summary>
    public bool Matches(HeaderMap request)
    {
        foreach (var (name, value, normal) in _fields)
        {
            if (!Matches(request, name, value, normal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes what tells this answer from others of its key.</summary>
    public void WriteOf(HeaderMap request, IBufferWriter<byte> output)
    {
        foreach (var (name, _, _) in _fields)
        {
            output.Write("\n"u8);
            output.Write(name);
            if (Combine(request, name) is { } value)
            {
                output.Write("="u8);
                output.Write(Normalize(name, value));
            }
        }
    }

    /// <summary>Whether both depend on the same fields, with other values.</summary>
    public static bool AreSiblings(VaryKey? left, VaryKey? right)
    {
        if (left is null || right is null || left._fields.Length != right._fields.Length)
        {
            return false;
        }

        var same = true;
        for (var i = 0; i < left._fields.Length; i++)
        {
            var (a, b) = (left._fields[i], right._fields[i]);
            if (!HeaderName.Equals(a.Name, b.Name))
            {
                return false;
            }

            same &= (a.Normal is null) == (b.Normal is null) && a.Normal.AsSpan().SequenceEqual(b.Normal);
        }

        return !same;
    }

    private static bool Matches(HeaderMap request, byte[] name, byte[]? value, byte[]? normal)
    {
        if (!request.TryGet(name, out var first))
        {
            return value is null;
        }

        if (value is null)
        {
            return false;
        }

        return (first.SequenceEqual(value) && !HasMore(request, name)) || Normalize(name, Combine(request, name)!).AsSpan().SequenceEqual(normal);
    }

    private static bool HasMore(HeaderMap request, byte[] name)
    {
        var count = 0;
        foreach (var _ in request.Values(name))
        {
            count++;
        }

        return count > 1;
    }

    private static byte[]? Combine(HeaderMap request, ReadOnlySpan<byte> name)
    {
        byte[]? value = null;
        foreach (var line in request.Values(name))
        {
            value = value is null ? line.ToArray() : [.. value, (byte)',', .. line];
        }

        return value;
    }

    // RFC 9111 §4.1: white space, and where the field's own meaning allows it, order and case may be set aside.
    private static byte[] Normalize(ReadOnlySpan<byte> name, byte[] value)
    {
        var items = new List<byte[]>();
        foreach (var item in new ListItems(value))
        {
            items.Add(item.ToArray());
        }

        if (KnownHeaders.Find(name) is KnownHeader.Accept or KnownHeader.AcceptEncoding or KnownHeader.AcceptLanguage)
        {
            foreach (var item in items)
            {
                System.Text.Ascii.ToLowerInPlace(item, out _);
            }

            items.Sort(static (a, b) => a.AsSpan().SequenceCompareTo(b));
        }

        return [.. items.SelectMany((item, i) => i == 0 ? item : [(byte)',', .. item])];
    }
}
