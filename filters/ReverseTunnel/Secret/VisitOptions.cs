using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>Which secret service a visitor reaches, and by whom.</summary>
public abstract record VisitOptions : IValidatableObject
{
    /// <summary>A cluster of this configuration: its endpoints are the servers that are asked, and its `tls` holds.</summary>
    [Required(ErrorMessage = "server is missing")]
    public string Server { get; init; } = "";

    /// <summary>Who the visitor is, as `node:cluster:tenant`; the services it reaches are its tenant's.</summary>
    [Required(ErrorMessage = "visitor is missing")]
    public string Visitor { get; init; } = "";

    /// <summary>The service, as `cluster/service`: the agents' cluster, and the name they have for it.</summary>
    [Required(ErrorMessage = "service is missing")]
    public string Service { get; init; } = "";

    /// <summary>The service's key, as its agents have it, at least 32 bytes; from the environment or a file, `${SSH_KEY}`.</summary>
    [Secret]
    public string Key { get; init; } = "";

    /// <summary>How servers are asked, and the visitor's credential.</summary>
    public AgentHandshakeOptions Handshake { get; init; } = new();

    /// <summary>How long it may take to reach the service.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TunnelIdentity.TryParse(Visitor, out var visitor, out var problem) || visitor.Tenant.Length == 0)
        {
            yield return new(problem.Length > 0 ? problem : "the tenant is empty", [nameof(Visitor)]);
        }

        if (TunnelVisit.Of(Service, TunnelServiceType.Stcp) is null)
        {
            yield return new("must be cluster/service, as in apps/ssh", [nameof(Service)]);
        }

        if (!SecretKey.IsLongEnough(Key))
        {
            yield return new($"is shorter than {SecretKey.Shortest} bytes", [nameof(Key)]);
        }

        if (ConnectTimeout < TimeSpan.FromMilliseconds(10) || ConnectTimeout > TimeSpan.FromHours(1))
        {
            yield return new("must be between 10ms and 1h", [nameof(ConnectTimeout)]);
        }
    }
}
