using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.OAuth2Login;

/// <summary>The OpenID provider, and who the proxy is to it.</summary>
public abstract record ProviderOptions : IValidatableObject
{
    /// <summary>The provider's issuer, exactly as it names itself, e.g. `https://login.example.com`.</summary>
    [Required(ErrorMessage = "issuer is missing")]
    public string Issuer { get; init; } = "";

    /// <summary>The client's id at the provider.</summary>
    [Required(ErrorMessage = "client_id is missing")]
    public string ClientId { get; init; } = "";

    /// <summary>The client's secret.</summary>
    [Secret]
    public string? ClientSecret { get; init; }

    /// <summary>A file with the client's secret. A change of the file is taken over.</summary>
    public string? ClientSecretFile { get; init; }

    /// <summary>How the client proves who it is: `auto`, `basic`, `post` or `none`. Default: auto.</summary>
    public ClientAuthentication ClientAuthentication { get; init; } = ClientAuthentication.Auto;

    /// <summary>A cluster the provider is reached through, with its balancing, health and TLS. Default: the addresses the provider gives are called themselves.</summary>
    public string? Cluster { get; init; }

    /// <summary>A PEM file of the authorities the provider's certificate may come from. Default: the system's.</summary>
    public string? Ca { get; init; }

    /// <summary>Duration one call to the provider may take. Default: 5s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Duration after which the provider's description is read again. Default: 1h.</summary>
    public TimeSpan DiscoveryRefresh { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How far the provider's clock may be off. Default: 1m.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Issuer.Length == 0)
        {
            // Said already.
        }
        else if (!Uri.TryCreate(Issuer, UriKind.Absolute, out var issuer) || issuer.Scheme is not ("https" or "http")
            || issuer.Query.Length > 0 || issuer.Fragment.Length > 0)
        {
            yield return new($"'{Issuer}' is no issuer: expected an https URL without query and fragment", [nameof(Issuer)]);
        }
        else if (issuer.Scheme == "http" && !issuer.IsLoopback && Cluster is null)
        {
            yield return new("an issuer that is not on this machine must be https, or reached through a cluster", [nameof(Issuer)]);
        }

        if (ClientSecret is not null && ClientSecretFile is not null)
        {
            yield return new("give client_secret or client_secret_file, not both", [nameof(ClientSecretFile)]);
        }

        var hasSecret = ClientSecret is { Length: > 0 } || ClientSecretFile is not null;
        if (ClientAuthentication is ClientAuthentication.Basic or ClientAuthentication.Post && !hasSecret)
        {
            yield return new("needs client_secret or client_secret_file", [nameof(ClientAuthentication)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
        {
            yield return new("must be between 100ms and 1m", [nameof(Timeout)]);
        }

        if (DiscoveryRefresh < TimeSpan.FromMinutes(1))
        {
            yield return new("must be 1m or more", [nameof(DiscoveryRefresh)]);
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromMinutes(10))
        {
            yield return new("must be between 0 and 10m", [nameof(ClockSkew)]);
        }

        if (Cluster is not null && Ca is not null)
        {
            yield return new("the cluster's own tls says whom it trusts", [nameof(Ca)]);
        }
    }
}
