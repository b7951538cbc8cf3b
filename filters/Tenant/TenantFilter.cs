using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Tenant;

/// <summary>Finds out which tenant a request belongs to, keeps one tenant's users from another's, and tells routes, limits and upstreams.</summary>
[Component("tenant")]
public sealed class TenantFilter : IRequestFilter
{
    private const string Namespace = "tenant";
    private const string TextType = "text/plain; charset=utf-8";
    private static readonly byte[] Unknown = "No such tenant (tenant_unknown)\n"u8.ToArray(), Forbidden = "Forbidden (tenant_denied)\n"u8.ToArray();

    private readonly TenantOptions _options;
    private readonly TenantFinder _finder;
    private readonly TenantSource[] _from, _confirm;
    private readonly DenialLog _log;
    private readonly byte[] _header;

    /// <summary>Prepares the tenants.</summary>
    public TenantFilter(TenantOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _finder = new TenantFinder(options);
        (_from, _confirm) = ([.. options.From], [.. options.Confirm]);
        _log = new DenialLog(context.Logger, context.Time);
        _header = Encoding.ASCII.GetBytes(options.Header);
        foreach (var cluster in options.Tenants.Values.Select(tenant => tenant.Cluster).OfType<string>())
        {
            context.GetCluster(cluster);
        }
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        KnownTenant? tenant = null;
        foreach (var source in _from)
        {
            tenant ??= _finder.Find(exchange, source);
        }

        var isConfirmed = true;
        foreach (var source in _confirm)
        {
            isConfirmed &= tenant is not null && _finder.Tells(exchange, source, tenant);
        }

        // Only now: a source may be that very header.
        if (_header.Length > 0)
        {
            exchange.Request.Headers.Remove(_header);
        }

        if (tenant is null)
        {
            return new(_options.Optional ? FilterStatus.Continue : Refuse(exchange, "tenant_unknown", _options.Status, Unknown, "it belongs to no tenant there is"));
        }

        if (!isConfirmed || !IsIssuedFor(exchange, tenant))
        {
            return new(Refuse(exchange, "tenant_denied", 403, Forbidden, $"it is for the tenant '{tenant.Name}', and its user is not that one's"));
        }

        if (tenant.Cluster is { } name && exchange.TryGetCluster(name, out var cluster))
        {
            exchange.Cluster = cluster;
        }

        exchange.Metadata[Namespace, "name"] = tenant.Name;
        if (_header.Length > 0)
        {
            exchange.Request.Headers.Set(_header, tenant.NameBytes);
        }

        if (_options.StripPath && _finder.RestOf(exchange.Request.Path) is { IsEmpty: false } rest)
        {
            exchange.Request.SetPath(rest);
        }

        return new(FilterStatus.Continue);
    }

    // Another tenant's identity provider may say what it likes about whom its users belong to.
    private static bool IsIssuedFor(HttpExchange exchange, KnownTenant tenant)
    {
        if (tenant.Issuers.Count == 0)
        {
            return true;
        }

        var issuer = exchange.HasMetadata ? exchange.Metadata["jwt", "iss"] : null;
        for (var i = 0; i < tenant.Issuers.Count; i++)
        {
            if (tenant.Issuers[i] == issuer)
            {
                return true;
            }
        }

        return false;
    }

    private FilterStatus Refuse(HttpExchange exchange, string reason, int status, byte[] body, string detail)
    {
        exchange.Reply(status, reason, body, TextType);
        _log.Write(exchange, reason, detail);
        return FilterStatus.Stop;
    }
}
