using FilterProxy.Filters.Jose;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>An issuer with its keys, wherever they come from.</summary>
internal sealed class Issuer : IDisposable
{
    private readonly JsonWebKeySet? _fixed;
    private readonly RemoteKeys? _remote;
    private readonly ProviderClient? _client;
    private readonly string _source;

    /// <exception cref="ArgumentException">Its file has no keys.</exception>
    public Issuer(JwtIssuerOptions options, int longest, ComponentContext context)
    {
        Name = options.Issuer;
        var algorithms = JwsAlgorithms.SetOf(options.Algorithms.Select(JwsAlgorithms.Parse));
        Rules = new JwtRules
        {
            Issuer = options.Issuer,
            Audiences = options.Audiences,
            Algorithms = algorithms == 0 ? JwsAlgorithms.Asymmetric : algorithms,
            Types = [.. options.Types.Select(type => type.ToLowerInvariant())],
            Skew = options.ClockSkew,
            MustExpire = options.RequireExpiry,
            MaxAge = options.MaxAge,
            Longest = longest,
        };
        _source = $"{options.JwksFile}{options.JwksUrl}{(options.Discovery ? "discovery" : "")} by {options.Cluster} {options.Ca}";
        if (options.JwksFile is { } file)
        {
            _fixed = Read(context.UseFile(file), (algorithms & ~JwsAlgorithms.Asymmetric) != 0);
            return;
        }

        _client = ProviderClient.Create(context, options.Cluster, options.Ca);
        _remote = new RemoteKeys(
            JwtFailure.Show(Name),
            options.JwksUrl is { } url ? cancel => _client.GetAsync(url, cancel) : DiscoverAsync,
            new RemoteKeysOptions { Refresh = options.Refresh, Floor = options.RefreshFloor, MaxStale = options.MaxStale, Timeout = options.Timeout },
            context.Time,
            context.Logger);
    }

    public string Name { get; }

    public JwtRules Rules { get; }

    /// <summary>Its keys, where they can be had without waiting.</summary>
    public JsonWebKeySet? Keys => _fixed ?? _remote!.Current;

    /// <summary>How keys are fetched; null where they are not.</summary>
    public RemoteKeys? Remote => _remote;

    /// <summary>Its keys, or null where they cannot be had.</summary>
    public ValueTask<JsonWebKeySet?> GetKeysAsync(CancellationToken cancel) => _remote is null ? new(_fixed) : _remote.GetAsync(cancel);

    /// <summary>Its keys, when one is missing among those <paramref name="seen"/>.</summary>
    public ValueTask<JsonWebKeySet?> RenewKeysAsync(JsonWebKeySet seen, CancellationToken cancel) => _remote is null ? new(_fixed) : _remote.RenewAsync(seen, cancel);

    /// <summary>Takes over what an issuer of the same place has fetched.</summary>
    public void Adopt(Issuer before)
    {
        if (_remote is not null && before._remote is not null && (before.Name, before._source) == (Name, _source))
        {
            _remote.Adopt(before._remote);
        }
    }

    public void Dispose() => _client?.Dispose();

    private async Task<byte[]> DiscoverAsync(CancellationToken cancel)
    {
        var metadata = await OidcMetadata.FetchAsync(_client!, Name, cancel);
        return await _client!.GetAsync(metadata.Keys, cancel);
    }

    private static JsonWebKeySet Read(string path, bool symmetric) =>
        JsonWebKeySet.TryParse(OptionFile.Read(path, File.ReadAllBytes), symmetric, out var keys, out var problem) ? keys
        : throw new ArgumentException($"{path}: {problem}");
}
