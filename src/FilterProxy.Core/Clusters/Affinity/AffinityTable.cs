using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Core.Clusters.LoadBalancing;

namespace FilterProxy.Core.Clusters.Affinity;

/// <summary>
/// What clients carry for each endpoint of a cluster, and back. Made with the set of endpoints, so that a request costs a look-up: what an
/// endpoint is called there is the signature of its name, which nobody can make who has not the key, and which tells nothing about it.
/// </summary>
internal sealed class AffinityTable
{
    // Sixteen bytes in base64url.
    private const int TokenLength = 22;

    private readonly AffinityRules _rules;
    private readonly byte[] _name;
    private readonly FrozenDictionary<UInt128, Endpoint> _endpoints;
    private readonly FrozenDictionary<Endpoint, Token> _tokens;
    private readonly MaglevTable? _hashed;

    /// <param name="cluster">The cluster's name: the same endpoint is another one there.</param>
    /// <param name="endpoints">Its endpoints.</param>
    /// <param name="rules">How clients carry them.</param>
    public AffinityTable(string cluster, EndpointSet endpoints, AffinityRules rules)
    {
        _rules = rules;
        _name = Encoding.ASCII.GetBytes(rules.Name);
        _hashed = rules.Hash is null ? null : new MaglevTable(endpoints);
        _tokens = (_hashed is null ? endpoints.Span.ToArray() : []).ToFrozenDictionary(endpoint => endpoint, endpoint => Make(cluster, endpoint, rules));
        _endpoints = _tokens.ToFrozenDictionary(pair => pair.Value.Id, pair => pair.Key);
    }

    public AffinityGone Gone => _rules.Gone;

    /// <summary>The endpoint a client belongs to; null where it is none of these, or nothing tells which.</summary>
    /// <param name="exchange">The client's.</param>
    /// <param name="isBound">Whether something tells.</param>
    public Endpoint? Find(HttpExchange exchange, out bool isBound) =>
        _hashed is null ? FindNamed(exchange.Request, out isBound) : FindHashed(_hashed, exchange, out isBound);

    /// <summary>Tells the client in the response which endpoint it belongs to from now on, unless it came with that.</summary>
    public void Stamp(HttpExchange exchange, Endpoint endpoint)
    {
        if (_hashed is not null || ReferenceEquals(FindNamed(exchange.Request, out _), endpoint) || !_tokens.TryGetValue(endpoint, out var token))
        {
            return;
        }

        if (!_rules.IsCookie)
        {
            exchange.Response.Headers.Set(_name, token.Plain);
        }
        else
        {
            var secure = _rules.Secure == CookieSecure.Always || (_rules.Secure == CookieSecure.Auto && exchange.Downstream.IsTls);
            exchange.Response.Headers.Append(secure ? token.SecureCookie : token.Cookie);
        }
    }

    private Endpoint? FindNamed(RequestHead request, out bool isBound)
    {
        isBound = _rules.IsCookie ? request.TryGetCookie(_name, out var token) : request.Headers.TryGet(_name, out token);
        return isBound && TryRead(token, out var id) ? _endpoints.GetValueOrDefault(id) : null;
    }

    private Endpoint? FindHashed(MaglevTable table, HttpExchange exchange, out bool isBound)
    {
        var text = TemplateScratch.BeginLine();
        isBound = _rules.Hash!.TryFormat(exchange, text);
        if (!isBound)
        {
            return null;
        }

        var hash = StableHash.Of(text.Written);
        var own = table.Find(hash, default);
        return own is { IsHealthy: false } && Gone == AffinityGone.Another ? table.FindHealthy(hash) : own;
    }

    private static Token Make(string cluster, Endpoint endpoint, AffinityRules rules)
    {
        var signature = HMACSHA256.HashData(rules.Key, Encoding.UTF8.GetBytes($"{cluster}\0{endpoint.Name}")).AsSpan(0, 16);
        var text = Base64Url.EncodeToString(signature);
        var cookie = $"{rules.Name}={text}{rules.Attributes}";
        TryRead(Encoding.ASCII.GetBytes(text), out var id);
        return new Token(id, Encoding.ASCII.GetBytes(text), Prepare(cookie), Prepare(cookie + "; Secure"));
    }

    private static PreparedFields Prepare(string cookie) => PreparedFields.Build(cookie, static (fields, value) => fields.Append("Set-Cookie", value));

    private static bool TryRead(ReadOnlySpan<byte> token, out UInt128 id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id = default;
        if (token.Length != TokenLength || !Base64Url.TryDecodeFromUtf8(token, bytes, out var written) || written != 16)
        {
            return false;
        }

        id = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }

    private sealed record Token(UInt128 Id, byte[] Plain, PreparedFields Cookie, PreparedFields SecureCookie);
}
