using System.Text;

namespace FilterProxy;

/// <summary>The request line and fields of one request. Bytes are valid until the exchange ends.</summary>
public sealed class RequestHead
{
    private readonly HeadBlock _block;
    private ByteRange _method, _target, _path, _query, _authority, _connection;

    internal RequestHead(HeadBlock block)
    {
        _block = block;
        Headers = new HeaderMap(block);
    }

    /// <summary>The method as a member of an enum, for comparisons.</summary>
    public HttpMethodKind MethodKind { get; private set; }

    /// <summary>The method as sent; case matters (RFC 9110 §9.1).</summary>
    public ReadOnlySpan<byte> Method => Slice(_method);

    /// <summary>The protocol the client spoke.</summary>
    public HttpVersionKind Version { get; internal set; }

    /// <summary>The request target exactly as it was sent, before normalisation: for logs.</summary>
    public ReadOnlySpan<byte> OriginalTarget => Slice(_target);

    /// <summary>
    /// The path after normalisation: what routes match, filters see and the upstream gets. Begins with a slash; <c>*</c> for
    /// an asterisk-form OPTIONS, empty for CONNECT.
    /// </summary>
    public ReadOnlySpan<byte> Path => Slice(_path);

    /// <summary>The query without its question mark; see <see cref="HasQuery"/>.</summary>
    public ReadOnlySpan<byte> Query => Slice(_query);

    /// <summary>Whether there is a query: <c>/a?</c> has an empty one, <c>/a</c> has none.</summary>
    public bool HasQuery { get; private set; }

    /// <summary>Host and optional port the client asked for, from the target or Host (RFC 9112 §3.3); may be empty in HTTP/1.0.</summary>
    public ReadOnlySpan<byte> Authority => Slice(_authority);

    /// <summary>
    /// The Connection field as the client sent it, the first where it came twice; empty where there was none. It is meant for one hop (RFC 9110 §7.6.1)
    /// and so not among <see cref="Headers"/>: for inspection.
    /// </summary>
    public ReadOnlySpan<byte> Connection => Slice(_connection);

    /// <summary>The header fields.</summary>
    public HeaderMap Headers { get; }

    /// <summary>The trailer fields; complete once the body has ended.</summary>
    public HeaderMap Trailers => TrailersIfAny ??= new HeaderMap(_block);

    /// <summary>A cookie's value as it stands (RFC 6265 §4.2.1); the first where it came twice.</summary>
    public bool TryGetCookie(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        // HTTP/2 clients may send one field per cookie (RFC 9113 §8.2.3).
        foreach (var line in Headers.Values(KnownHeader.Cookie))
        {
            if (TryFind(line, name, (byte)';', out value))
            {
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>The first value of a query parameter as it stands, percent-encoding included.</summary>
    public bool TryGetQuery(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) => TryFind(Query, name, (byte)'&', out value);

    /// <summary><see cref="Path"/> as text; allocates.</summary>
    public string PathText => Encoding.Latin1.GetString(Path);

    /// <summary><see cref="Query"/> as text; allocates.</summary>
    public string QueryText => Encoding.Latin1.GetString(Query);

    /// <summary><see cref="Authority"/> as text; allocates.</summary>
    public string AuthorityText => Encoding.Latin1.GetString(Authority);

    /// <summary><see cref="Method"/> as text; allocates for methods outside <see cref="HttpMethodKind"/>.</summary>
    public string MethodText => MethodKind == HttpMethodKind.Other ? Encoding.Latin1.GetString(Method) : MethodNames[(int)MethodKind];

    private static readonly string[] MethodNames = ["", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

    // Null as long as nobody has asked: most messages have none.
    internal HeaderMap? TrailersIfAny { get; private set; }

    internal HeadBlock Block => _block;

    internal ByteRange PathRange => _path;

    /// <summary>Changes the path the upstream will get (and, before routing, the one routes match).</summary>
    /// <exception cref="ArgumentException">Not an absolute path, or it holds a byte that may not stand in a request target.</exception>
    public void SetPath(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path[0] != (byte)'/' || !RequestTarget.IsPath(path))
        {
            throw new ArgumentException("A path must begin with '/' and hold only visible ASCII without '?' and '#'; percent-encode the rest.", nameof(path));
        }

        _path = new ByteRange(_block.Append(path), path.Length);
    }

    /// <summary>Changes the query; null bytes in <paramref name="query"/> are refused. Use <see cref="RemoveQuery"/> to drop it.</summary>
    /// <exception cref="ArgumentException">It holds a byte that may not stand in a request target.</exception>
    public void SetQuery(ReadOnlySpan<byte> query)
    {
        if (!RequestTarget.IsQuery(query))
        {
            throw new ArgumentException("A query must hold only visible ASCII without '#'; percent-encode the rest.", nameof(query));
        }

        _query = new ByteRange(_block.Append(query), query.Length);
        HasQuery = true;
    }

    /// <summary>Drops the query and its question mark.</summary>
    public void RemoveQuery()
    {
        _query = default;
        HasQuery = false;
    }

    /// <summary>Changes the method. Framing rules follow the one the client sent.</summary>
    /// <exception cref="ArgumentException">Not a token.</exception>
    public void SetMethod(ReadOnlySpan<byte> method)
    {
        if (!HeaderName.IsToken(method))
        {
            throw new ArgumentException("A method must be a token (RFC 9110 §9.1).", nameof(method));
        }

        SetMethod(new ByteRange(_block.Append(method), method.Length), RequestTarget.ClassifyMethod(method));
    }

    /// <summary>Changes the authority: the Host the upstream gets where it is passed on.</summary>
    /// <exception cref="ArgumentException">It holds a byte that may not stand in an authority.</exception>
    public void SetAuthority(ReadOnlySpan<byte> authority)
    {
        if (!RequestTarget.IsAuthority(authority))
        {
            throw new ArgumentException("An authority must be a host with an optional port (RFC 3986 §3.2).", nameof(authority));
        }

        _authority = new ByteRange(_block.Append(authority), authority.Length);
    }

    internal void SetMethod(ByteRange method, HttpMethodKind kind)
    {
        _method = method;
        MethodKind = kind;
    }

    internal void SetTarget(ByteRange target) => _target = target;

    /// <summary>Keeps the Connection field, which is about to leave <see cref="Headers"/>.</summary>
    internal void KeepConnection()
    {
        ref readonly var entry = ref Headers.Entries[Headers.IndexOf(KnownHeader.Connection, 0)];
        _connection = new ByteRange(entry.ValueStart, entry.ValueLength);
    }

    internal void SetPathAndQuery(ByteRange path, ByteRange query, bool hasQuery)
    {
        _path = path;
        _query = query;
        HasQuery = hasQuery;
    }

    internal void SetAuthority(ByteRange authority) => _authority = authority;

    internal void Reset()
    {
        _method = _target = _path = _query = _authority = _connection = default;
        MethodKind = HttpMethodKind.Other;
        HasQuery = false;
        Headers.Release();
        TrailersIfAny?.Release();
    }

    /// <summary>Makes this an overlay of another head over the same block.</summary>
    internal void CopyFrom(RequestHead other)
    {
        (_method, _target, _path, _query, _authority, _connection) =
            (other._method, other._target, other._path, other._query, other._authority, other._connection);
        MethodKind = other.MethodKind;
        Version = other.Version;
        HasQuery = other.HasQuery;
        Headers.CopyFrom(other.Headers);
    }

    private ReadOnlySpan<byte> Slice(ByteRange range) => _block.Slice(range.Start, range.Length);

    private static bool TryFind(ReadOnlySpan<byte> pairs, ReadOnlySpan<byte> name, byte separator, out ReadOnlySpan<byte> value)
    {
        while (!pairs.IsEmpty)
        {
            var end = pairs.IndexOf(separator);
            var pair = (end < 0 ? pairs : pairs[..end]).Trim((byte)' ');
            pairs = end < 0 ? default : pairs[(end + 1)..];
            var equals = pair.IndexOf((byte)'=');
            if ((equals < 0 ? pair : pair[..equals]).SequenceEqual(name))
            {
                value = equals < 0 ? default : pair[(equals + 1)..];
                return true;
            }
        }

        value = default;
        return false;
    }
}
