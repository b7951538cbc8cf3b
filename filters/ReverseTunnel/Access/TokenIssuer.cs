using FilterProxy.Filters.Jose;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>An issuer of tokens with its keys, and how its tokens say which agent their bearer is.</summary>
internal sealed class TokenIssuer : IDisposable
{
    private readonly TunnelIssuerOptions _options;
    private readonly JsonWebKeySet? _fixed;
    private readonly RemoteKeys? _remote;
    private readonly ProviderClient? _client;

    /// <exception cref="ArgumentException">Its file has no keys.</exception>
    public TokenIssuer(TunnelIssuerOptions options, ComponentContext context)
    {
        _options = options;
        Rules = new JwtRules { Issuer = options.Issuer, Audiences = options.Audiences, Types = ["", "jwt", "at+jwt"], Skew = options.ClockSkew };
        if (options.JwksUrl is not { } url)
        {
            var path = context.UseFile(options.JwksFile!);
            _fixed = JsonWebKeySet.TryParse(OptionFile.Read(path, File.ReadAllBytes), symmetric: false, out var keys, out var problem) ? keys : throw new ArgumentException($"{path}: {problem}");
            return;
        }

        _client = ProviderClient.Create(context, options.JwksCluster, options.JwksCa);
        _remote = new RemoteKeys(JwtFailure.Show(options.Issuer), cancel => _client.GetAsync(url, cancel), new RemoteKeysOptions(), context.Time, context.Logger);
    }

    public string Name => _options.Issuer;

    public JwtRules Rules { get; }

    /// <summary>Whether a tunnel ends with its token.</summary>
    public bool ClosesAtExpiry => _options.CloseAtExpiry;

    /// <summary>Fetches keys until it is stopped, where they are fetched.</summary>
    public Task RunAsync(CancellationToken stop) => _remote?.RunAsync(stop) ?? Task.CompletedTask;

    /// <summary>Its keys, or null where they cannot be had.</summary>
    public ValueTask<JsonWebKeySet?> GetKeysAsync(CancellationToken cancel) => _remote is null ? new(_fixed) : _remote.GetAsync(cancel);

    /// <summary>Its keys, when one is missing among those <paramref name="seen"/>.</summary>
    public ValueTask<JsonWebKeySet?> RenewKeysAsync(JsonWebKeySet seen, CancellationToken cancel) => _remote is null ? new(_fixed) : _remote.RenewAsync(seen, cancel);

    /// <summary>Takes over what the issuer of the same name and place has fetched.</summary>
    public void Adopt(TokenIssuer before)
    {
        if (_remote is not null && before._remote is not null
            && (before.Name, before._options.JwksUrl, before._options.JwksCluster, before._options.JwksCa) == (Name, _options.JwksUrl, _options.JwksCluster, _options.JwksCa))
        {
            _remote.Adopt(before._remote);
        }
    }

    /// <summary>Whether a token says that its bearer is an agent. What it does not say, it denies.</summary>
    public bool Binds(JwtClaims claims, TunnelIdentity identity) =>
        claims.Texts(_options.NodeClaim).Contains(identity.Node, StringComparer.Ordinal)
        && claims.Texts(_options.ClusterClaim).Contains(identity.Cluster, StringComparer.Ordinal)
        && claims.Texts(_options.TenantClaim).Contains(identity.Tenant, StringComparer.Ordinal);

    public void Dispose() => _client?.Dispose();
}
