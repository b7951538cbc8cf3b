using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>
/// How a certificate says which agent it is: one of `uri`, `dns_name`, `subject` and `fingerprint`. `{node}`, `{cluster}` and `{tenant}` stand for what the
/// agent says it is; what none of them stands for is named beside it.
/// </summary>
public sealed record TunnelCertificateOptions : IValidatableObject
{
    /// <summary>A URI among its alternative names: `spiffe://example.com/{tenant}/{cluster}/{node}`.</summary>
    public string? Uri { get; init; }

    /// <summary>A host name among its alternative names: `{node}.agents.example.com`.</summary>
    public string? DnsName { get; init; }

    /// <summary>Its distinguished name: `CN={node}, OU={cluster}, O={tenant}`.</summary>
    public string? Subject { get; init; }

    /// <summary>Its SHA-256 fingerprint, 64 hexadecimal digits.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The node it may be, where the name does not say: a text with at most one `*`.</summary>
    public string? Node { get; init; }

    /// <summary>The cluster it may be of, as `node`.</summary>
    public string? Cluster { get; init; }

    /// <summary>The tenant it may be of, as `node`.</summary>
    public string? Tenant { get; init; }

    internal string Name => Uri ?? DnsName ?? Subject ?? Fingerprint ?? "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (new[] { Uri, DnsName, Subject, Fingerprint }.Count(name => name is { Length: > 0 }) != 1)
        {
            yield return new("one of uri, dns_name, subject and fingerprint says which agent a certificate is");
        }

        if (Fingerprint is { } hash && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit)))
        {
            yield return new("must be 64 hexadecimal digits", [nameof(Fingerprint)]);
        }

        if (Name.Contains("}{", StringComparison.Ordinal))
        {
            yield return new("two placeholders need a text between them, or two agents could share a name");
        }

        foreach (var (part, pattern) in new[] { (nameof(Node), Node), (nameof(Cluster), Cluster), (nameof(Tenant), Tenant) })
        {
            var placeholder = $"{{{part.ToLowerInvariant()}}}";
            if (Name.Contains(placeholder, StringComparison.Ordinal) == (pattern is not null))
            {
                yield return new($"the {part.ToLowerInvariant()} must be bound, by {placeholder} in the name or by a text", [part]);
            }

            if (pattern is not null && !IdentityPattern.IsPart(pattern))
            {
                yield return new("must be a part of an identity, with at most one '*'", [part]);
            }
        }

        if (Node == "*")
        {
            yield return new("any node is none: one certificate would be every agent", [nameof(Node)]);
        }
    }
}
