using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>Somebody whose tokens say which agent their bearer is.</summary>
public sealed record TunnelIssuerOptions : IValidatableObject
{
    /// <summary>Its name, byte for byte as tokens have it in `iss`.</summary>
    [Required(ErrorMessage = "issuer is missing")]
    public string Issuer { get; init; } = "";

    /// <summary>Whom its tokens must be for: one of these must be in `aud`.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>A file with its public keys (RFC 7517). A change of the file is taken over.</summary>
    public string? JwksFile { get; init; }

    /// <summary>Where its public keys are; https, or http on this machine or by `jwks_cluster`.</summary>
    public Uri? JwksUrl { get; init; }

    /// <summary>The cluster that is asked for `jwks_url`, whatever host it names. Default: that host.</summary>
    public string? JwksCluster { get; init; }

    /// <summary>A PEM file of the authorities whose certificates that host may have. Default: the system's.</summary>
    public string? JwksCa { get; init; }

    /// <summary>The claim that has the node.</summary>
    public string NodeClaim { get; init; } = "sub";

    /// <summary>The claim that has the cluster; a list where an agent may be of several. `a.b` is `b` in the object `a`.</summary>
    public string ClusterClaim { get; init; } = "cluster";

    /// <summary>The claim that has the tenant, as `cluster_claim`.</summary>
    public string TenantClaim { get; init; } = "tenant";

    /// <summary>How far its clock and ours may be apart.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether a tunnel is closed when the token it was opened with ends.</summary>
    public bool CloseAtExpiry { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (JwksFile is null == JwksUrl is null)
        {
            yield return new("one of jwks_file and jwks_url says where its keys are", [nameof(Issuer)]);
        }

        if (JwksUrl is not null && !ProviderClient.Allows(JwksUrl, JwksCluster is not null))
        {
            yield return new("must be https, or http on this machine or by jwks_cluster", [nameof(JwksUrl)]);
        }

        if (new[] { NodeClaim, ClusterClaim, TenantClaim }.Any(name => name.Length == 0))
        {
            yield return new("a token that does not say node, cluster and tenant proves none: their claims must have names", [nameof(NodeClaim)]);
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromHours(1))
        {
            yield return new("must be between 0 and 1h", [nameof(ClockSkew)]);
        }
    }
}
