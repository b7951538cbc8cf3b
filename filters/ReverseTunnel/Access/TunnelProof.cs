using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>What proved an agent's identity; kept while its tunnel lives, so that it can be looked at again when what is believed has changed.</summary>
/// <param name="Name">For the log, e.g. <c>key edge-7</c>. Shows no secret.</param>
internal abstract record TunnelProof(string Name);

/// <summary>Nothing did: agents are taken at their word.</summary>
internal sealed record NoProof() : TunnelProof("its word");

/// <summary>A certificate.</summary>
internal sealed record CertificateProof(ClientCertificateDetails Certificate) : TunnelProof($"certificate {Certificate.Sha256[..16]}");

/// <summary>A signature by a secret.</summary>
internal sealed record KeyProof(AgentKey Key) : TunnelProof($"key {Key.Id}");

/// <summary>A token.</summary>
internal sealed record TokenProof(JwtClaims Claims) : TunnelProof($"token of {JwtFailure.Show(Claims.Issuer)}");
