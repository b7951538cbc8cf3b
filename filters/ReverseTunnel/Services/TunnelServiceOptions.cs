using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Secret;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Something an agent has the server make reachable.</summary>
public sealed record TunnelServiceOptions : IValidatableObject
{
    /// <summary>Its name, unique for the agent. Agents of one cluster that have it share the load.</summary>
    public string Name { get; init; } = "";

    /// <summary>How clients reach it: `http` by host names, `https` by the name they ask for in TLS, which is passed through, `tcp` and `udp` at a port of its own, `stcp`, `sudp` and `xtcp` by `filterproxy visit` with its key, `xtcp` past the server where a way is found.</summary>
    public TunnelServiceType Type { get; init; } = TunnelServiceType.Http;

    /// <summary>Host names it has at the server, `app.example.com`, or `*.example.com` for all below; for `http` and `https`.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>A name below the server's `subdomain_host`, for `http` and `https`; null for none.</summary>
    [RegularExpression("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", ErrorMessage = "must be letters, digits and '-'")]
    public string? Subdomain { get; init; }

    /// <summary>Of those hosts the paths below this one alone, for `http`: `/api`. Default: all.</summary>
    [RegularExpression("^/[a-zA-Z0-9/._~-]{1,255}$", ErrorMessage = "must be '/' and letters, digits, '/', '-', '.', '_' and '~'")]
    public string? Path { get; init; }

    /// <summary>The port it has at the server, for `tcp` and `udp`; 0 for one of the server's choice, which it remembers for a day.</summary>
    [Range(0, ushort.MaxValue, ErrorMessage = "must be between 0 and 65535")]
    public int Port { get; init; }

    /// <summary>The cluster of this configuration it is, for all types but `http`. Requests of `http` services take the routes of the agent's listener.</summary>
    public string? Cluster { get; init; }

    /// <summary>The key that visitors must have, at least 32 bytes, for `stcp`, `sudp` and `xtcp`; from the environment or a file, `${SSH_KEY}`. Servers do not learn it.</summary>
    [Secret]
    public string? Key { get; init; }

    /// <summary>
    /// The cluster whose health decides whether servers have it: while no endpoint of it is healthy, the service is withdrawn. Default: `cluster`; none for `http`.
    /// </summary>
    public string? HealthCluster { get; init; }

    /// <summary>
    /// A group whose services share their places and their rates, whatever their names and their agents' clusters are, in one tenant. Default: the services of this name of the
    /// agent's cluster.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>Its share of the clients, beside those of the other agents that have it.</summary>
    [Range(1, ServiceTerms.MostWeight, ErrorMessage = "must be between 1 and 100")]
    public int Weight { get; init; } = 1;

    /// <summary>What it may carry, beyond which streams wait and datagrams of `udp` are dropped; of several agents that have it, what the last to connect says holds. Default: no limits.</summary>
    public TunnelRateOptions Rates { get; init; } = new();

    internal TunnelService Service => new(Name, Type)
    {
        Hosts = [.. Hosts.Select(host => host.ToLowerInvariant())],
        Subdomain = Subdomain,
        Path = Path ?? "",
        Port = Port,
        Terms = new ServiceTerms
        {
            Group = Group,
            Weight = Weight,
            Upload = Rates.Upload?.Bytes ?? 0,
            Download = Rates.Download?.Bytes ?? 0,
            VisitorUpload = Rates.VisitorUpload?.Bytes ?? 0,
            VisitorDownload = Rates.VisitorDownload?.Bytes ?? 0,
        },
    };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TunnelIdentity.IsPart(Name))
        {
            yield return new("must be letters, digits, '-', '.', '_' and '~'", [nameof(Name)]);
        }

        if (Group is { } group && !TunnelIdentity.IsPart(group))
        {
            yield return new("must be letters, digits, '-', '.', '_' and '~'", [nameof(Group)]);
        }

        foreach (var host in Hosts.Where(host => !ServiceText.IsHost(host)))
        {
            yield return new($"'{host}' is no host name, nor one with '*.' before it", [nameof(Hosts)]);
        }

        var hasHosts = Hosts.Count > 0 || Subdomain is not null;
        var hasPort = Type is TunnelServiceType.Tcp or TunnelServiceType.Udp;
        if (hasHosts != Type is TunnelServiceType.Http or TunnelServiceType.Https)
        {
            yield return new(hasHosts ? $"a {Names.Of(Type)} service has no hosts" : "hosts or subdomain say where it is reached", [nameof(Hosts)]);
        }

        if (Type != TunnelServiceType.Http && Path is not null)
        {
            yield return new("only http has paths", [nameof(Path)]);
        }

        if (TunnelVisit.IsSecret(Type) && Group is not null)
        {
            yield return new("visitors ask for a service by its own name: group has no effect", [nameof(Group)]);
        }

        if (!hasPort && Port != 0)
        {
            yield return new("only tcp and udp have a port of their own", [nameof(Port)]);
        }

        if (TunnelVisit.IsSecret(Type) == Key is null)
        {
            yield return new(Key is null ? "key says who may visit it" : "only stcp, sudp and xtcp have a key", [nameof(Key)]);
        }

        if (Key is { } key && !SecretKey.IsLongEnough(key))
        {
            yield return new($"is shorter than {SecretKey.Shortest} bytes", [nameof(Key)]);
        }

        if (Type == TunnelServiceType.Http == Cluster is not null)
        {
            yield return new(Cluster is null ? "cluster says where its bytes go" : "requests take the routes of the listener: cluster has no effect", [nameof(Cluster)]);
        }
    }
}
