using System.Buffers;
using System.Text;

namespace FilterProxy.Filters.Auth;

/// <summary>What was found where a credential may be.</summary>
internal enum CredentialFound
{
    Absent,

    One,

    /// <summary>The same place has several: which one the next reader would take is anybody's guess.</summary>
    Several,
}

/// <summary>Where clients put a credential: a field, a cookie, a parameter of the query; looked for in this order.</summary>
internal sealed class CredentialPlaces
{
    private readonly byte[] _header;
    private readonly KnownHeader _known;
    private readonly byte[] _scheme;
    private readonly byte[] _cookie;
    private readonly byte[] _query;

    /// <param name="header">The field; empty for none.</param>
    /// <param name="scheme">The word before the credential there, without case, e.g. <c>Bearer</c>; empty for none.</param>
    /// <param name="cookie">The cookie; null for none.</param>
    /// <param name="query">The parameter; null for none.</param>
    public CredentialPlaces(string header, string scheme, string? cookie, string? query)
    {
        _header = Encoding.ASCII.GetBytes(header);
        _known = KnownHeaders.Find(_header);
        _scheme = Encoding.ASCII.GetBytes(scheme);
        _cookie = Encoding.ASCII.GetBytes(cookie ?? "");
        _query = Encoding.ASCII.GetBytes(query ?? "");
    }

    /// <summary>The first credential there is.</summary>
    public CredentialFound Find(RequestHead request, out ReadOnlySpan<byte> credential)
    {
        var found = CredentialFound.Absent;
        credential = default;
        if (_header.Length > 0)
        {
            found = InHeader(request, out credential);
        }

        if (found == CredentialFound.Absent && _cookie.Length > 0)
        {
            foreach (var line in request.Headers.Values(KnownHeader.Cookie))
            {
                found = Add(found, InPairs(line, _cookie, (byte)';', ref credential));
            }
        }

        return found == CredentialFound.Absent && _query.Length > 0 ? InPairs(request.Query, _query, (byte)'&', ref credential) : found;
    }

    /// <summary>Takes credentials out of all places, so that the upstream sees none. Those of other schemes stay.</summary>
    public void Remove(RequestHead request)
    {
        if (_header.Length > 0 && InHeader(request, out _) != CredentialFound.Absent)
        {
            request.Headers.Remove(_header);
        }

        if (_cookie.Length > 0 && request.TryGetCookie(_cookie, out _))
        {
            RemoveCookie(request);
        }

        if (_query.Length > 0 && request.TryGetQuery(_query, out _))
        {
            var buffer = ArrayPool<byte>.Shared.Rent(request.Query.Length);
            var length = Without(request.Query, _query, (byte)'&', buffer);
            if (length == 0)
            {
                request.RemoveQuery();
            }
            else
            {
                request.SetQuery(buffer.AsSpan(0, length));
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private CredentialFound InHeader(RequestHead request, out ReadOnlySpan<byte> credential)
    {
        var found = CredentialFound.Absent;
        credential = default;
        var values = _known != KnownHeader.Unknown ? request.Headers.Values(_known) : request.Headers.Values(_header);
        foreach (var value in values)
        {
            if (_scheme.Length == 0)
            {
                found = Add(found, CredentialFound.One);
                credential = value;
            }
            else if (value.Length > _scheme.Length && value[_scheme.Length] == (byte)' ' && Ascii.EqualsIgnoreCase(value[.._scheme.Length], _scheme))
            {
                found = Add(found, CredentialFound.One);
                credential = value[(_scheme.Length + 1)..].TrimStart((byte)' ');
            }
        }

        return found;
    }

    private static CredentialFound Add(CredentialFound before, CredentialFound more) =>
        before == CredentialFound.Absent ? more : more == CredentialFound.Absent ? before : CredentialFound.Several;

    private static CredentialFound InPairs(ReadOnlySpan<byte> pairs, ReadOnlySpan<byte> name, byte separator, ref ReadOnlySpan<byte> value)
    {
        var found = CredentialFound.Absent;
        foreach (var range in pairs.Split(separator))
        {
            var pair = pairs[range].Trim((byte)' ');
            if (IsNamed(pair, name))
            {
                found = Add(found, CredentialFound.One);
                value = pair.Length > name.Length ? pair[(name.Length + 1)..] : default;
            }
        }

        return found;
    }

    private void RemoveCookie(RequestHead request)
    {
        var size = 0;
        foreach (var line in request.Headers.Values(KnownHeader.Cookie))
        {
            size += line.Length + 2;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(size);
        var length = 0;
        foreach (var line in request.Headers.Values(KnownHeader.Cookie))
        {
            if (length > 0)
            {
                "; "u8.CopyTo(buffer.AsSpan(length));
                length += 2;
            }

            var added = Without(line, _cookie, (byte)';', buffer.AsSpan(length));
            length = added == 0 && length > 0 ? length - 2 : length + added;
        }

        if (length == 0)
        {
            request.Headers.Remove(KnownHeader.Cookie);
        }
        else
        {
            request.Headers.Set(KnownHeader.Cookie, buffer.AsSpan(0, length));
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static int Without(ReadOnlySpan<byte> pairs, ReadOnlySpan<byte> name, byte separator, Span<byte> output)
    {
        var length = 0;
        foreach (var range in pairs.Split(separator))
        {
            var pair = pairs[range];
            if (!IsNamed(pair.Trim((byte)' '), name))
            {
                pair = length == 0 ? pair.TrimStart((byte)' ') : pair;
                if (length > 0)
                {
                    output[length++] = separator;
                }

                pair.CopyTo(output[length..]);
                length += pair.Length;
            }
        }

        return length;
    }

    private static bool IsNamed(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name) =>
        pair.StartsWith(name) && (pair.Length == name.Length || pair[name.Length] == (byte)'=');
}
