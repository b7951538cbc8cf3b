using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>What proves that an agent is who it says. Without any, nobody is let in.</summary>
public sealed record TunnelCredentialOptions : IValidatableObject
{
    /// <summary>How certificates, which the listener's `tls` has asked for and checked, say whose they are.</summary>
    public IReadOnlyList<TunnelCertificateOptions> Certificates { get; init; } = [];

    /// <summary>Secrets of agents that sign.</summary>
    public IReadOnlyList<TunnelKeyOptions> Keys { get; init; } = [];

    /// <summary>A JSON file with more secrets, `{ "keys": [ { "id", "agent", "secret" } ] }`. A change of the file is taken over.</summary>
    public string? KeysFile { get; init; }

    /// <summary>How far the time of a signature and ours may be apart, either way.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Signatures that are remembered so that none is taken twice; with more in twice the window, agents are refused with 503.</summary>
    [Range(1, 10_000_000, ErrorMessage = "must be between 1 and 10000000")]
    public int Remember { get; init; } = 100_000;

    /// <summary>Issuers of tokens.</summary>
    public IReadOnlyList<TunnelIssuerOptions> Issuers { get; init; } = [];

    /// <summary>Whether agents are taken at their word: where only they can reach the listener, e.g. a unix socket.</summary>
    public bool Anonymous { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Window < TimeSpan.FromSeconds(1) || Window > TimeSpan.FromHours(1))
        {
            yield return new("must be between 1s and 1h", [nameof(Window)]);
        }

        if (Anonymous && Certificates.Count + Keys.Count + Issuers.Count + (KeysFile is null ? 0 : 1) > 0)
        {
            yield return new("with anonymous no credential is looked at: the others have no effect", [nameof(Anonymous)]);
        }

        if (Issuers.GroupBy(issuer => issuer.Issuer).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            yield return new($"the issuer '{twice.Key}' is there twice", [nameof(Issuers)]);
        }
    }
}
