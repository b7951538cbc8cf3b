using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Tenant;

/// <summary>Reads names of tenants out of requests. Those that are listed cost nothing; of others a text is made.</summary>
internal sealed class TenantFinder
{
    private readonly TenantOptions _options;
    private readonly KnownTenant[] _known;
    private readonly Dictionary<string, KnownTenant> _byName;
    private readonly Dictionary<string, KnownTenant>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly TenantPattern? _host;
    private readonly TenantPattern? _path;
    private readonly byte[] _header;

    public TenantFinder(TenantOptions options)
    {
        _options = options;
        _known = [.. options.Tenants.Select(tenant => new KnownTenant(tenant.Key, tenant.Value))];
        _byName = _known.ToDictionary(tenant => tenant.Name, StringComparer.Ordinal);
        _lookup = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        _host = options.HostPattern is { } host ? TenantPattern.OfHost(host) : null;
        _path = options.PathPattern is { } path ? TenantPattern.OfPath(path) : null;
        _header = Encoding.ASCII.GetBytes(options.SourceHeader);
    }

    /// <summary>The tenant a source tells; null where it tells none.</summary>
    public KnownTenant? Find(HttpExchange exchange, TenantSource source) => source switch
    {
        TenantSource.Host => InHost(HostOf(exchange.Request.Authority)),
        TenantSource.Path => InPath(exchange.Request.Path),
        TenantSource.Claim => InClaim(exchange),
        _ => InHeader(exchange.Request.Headers),
    };

    /// <summary>Whether a source tells that very tenant: of a claim with several values, one of them.</summary>
    public bool Tells(HttpExchange exchange, TenantSource source, KnownTenant tenant) => source == TenantSource.Claim
        ? PrincipalFacts.Of(exchange.User).Claim(_options.Claim)?.Contains(tenant.Name) == true
        : Find(exchange, source)?.Name == tenant.Name;

    /// <summary>What follows the tenant in a path; empty where the pattern does not fit.</summary>
    public ReadOnlySpan<byte> RestOf(ReadOnlySpan<byte> path) => _path is not null && !_path.InPath(path, out var rest).IsEmpty ? rest : default;

    private KnownTenant? InHost(ReadOnlySpan<byte> host)
    {
        foreach (var tenant in _known)
        {
            if (tenant.HasHost(host))
            {
                return tenant;
            }
        }

        if (_host is null)
        {
            return null;
        }

        // Hosts have no case, names have.
        var name = _host.InHost(host);
        Span<byte> lower = stackalloc byte[64];
        return name.Length <= lower.Length && Ascii.ToLower(name, lower, out var length) == System.Buffers.OperationStatus.Done ? Named(lower[..length]) : null;
    }

    private KnownTenant? InPath(ReadOnlySpan<byte> path)
    {
        foreach (var tenant in _known)
        {
            if (tenant.HasPath(path))
            {
                return tenant;
            }
        }

        return _path is null ? null : Named(_path.InPath(path, out _));
    }

    // A user of several tenants has not said which one is meant.
    private KnownTenant? InClaim(HttpExchange exchange) =>
        PrincipalFacts.Of(exchange.User).Claim(_options.Claim) is { Count: 1 } values ? Named(Encoding.UTF8.GetBytes(values.Items[0])) : null;

    private KnownTenant? InHeader(HeaderMap headers)
    {
        var count = 0;
        ReadOnlySpan<byte> name = default;
        foreach (var value in headers.Values(_header))
        {
            count++;
            name = value;
        }

        return count == 1 ? Named(name) : null;
    }

    private KnownTenant? Named(ReadOnlySpan<byte> name)
    {
        if (!TenantName.IsName(name))
        {
            return null;
        }

        Span<char> text = stackalloc char[64];
        var length = Encoding.ASCII.GetChars(name, text);
        return _lookup.TryGetValue(text[..length], out var tenant) ? tenant : _known.Length == 0 ? new KnownTenant(text[..length].ToString(), new()) : null;
    }

    private static ReadOnlySpan<byte> HostOf(ReadOnlySpan<byte> authority)
    {
        var colon = authority.LastIndexOf((byte)':');
        var host = colon >= 0 && authority.LastIndexOf((byte)']') < colon ? authority[..colon] : authority;

        // example.com. is example.com
        return host.EndsWith("."u8) ? host[..^1] : host;
    }
}
