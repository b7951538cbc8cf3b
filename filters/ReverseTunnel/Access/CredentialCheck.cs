using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>Says whether an agent is who it says it is. A credential it shows must hold; only where it shows none is its certificate looked at.</summary>
internal sealed class CredentialCheck : IDisposable
{
    private const string Bearer = "Bearer";

    private readonly TunnelCredentialOptions _options;
    private readonly CertificateBinding[] _certificates;
    private readonly AgentKeys _keys;
    private readonly bool _readsAuthorization;

    /// <exception cref="ArgumentException">A file cannot be read, or something in it is wrong.</exception>
    public CredentialCheck(TunnelCredentialOptions options, ComponentContext context)
    {
        _options = options;
        _certificates = [.. options.Certificates.Select(certificate => new CertificateBinding(certificate))];
        _keys = new AgentKeys(options, context);
        Issuers = new TokenIssuers(options, context);
        _readsAuthorization = options.Keys.Count > 0 || options.KeysFile is not null || options.Issuers.Count > 0;
    }

    public TokenIssuers Issuers { get; }

    /// <summary>Checks what came with a hello.</summary>
    public async ValueTask<(TunnelProof? Proof, HandshakeRefusal? Refusal)> CheckAsync(
        ConnectionContext connection, HandshakeHead head, TunnelIdentity identity, CancellationToken cancel)
    {
        if (_options.Anonymous)
        {
            return (new NoProof(), null);
        }

        if (!head.TryGetOne("authorization", out var authorization))
        {
            return (null, Refuse(401, "tunnel_credential_denied", "it shows several credentials"));
        }

        if (authorization is not null && _readsAuthorization)
        {
            var space = authorization.IndexOf(' ', StringComparison.Ordinal);
            var (scheme, value) = space < 0 ? (authorization, "") : (authorization[..space], authorization[(space + 1)..].Trim(' '));
            return scheme.Equals(HelloSignature.Scheme, StringComparison.OrdinalIgnoreCase) ? _keys.Check(head, value, identity)
                : scheme.Equals(Bearer, StringComparison.OrdinalIgnoreCase) ? await Issuers.CheckAsync(value, identity, cancel)
                : (null, Refuse(401, "tunnel_credential_denied", "its credential is of a kind nobody reads"));
        }

        if (_certificates.Length == 0 || ConnectionFacts.CertificateOf(connection) is not { } certificate)
        {
            return (null, Refuse(401, "tunnel_credential_missing", "it shows no credential"));
        }

        var proof = new CertificateProof(ClientCertificateDetails.Of(certificate));
        return Holds(proof, identity) ? (proof, null)
            : (null, Refuse(403, "tunnel_identity_denied", $"its certificate {proof.Certificate.Sha256} is not this agent's") with { Told = "its certificate is not this agent's" });
    }

    /// <summary>Whether what once proved an agent's identity would do so today; what has ended since does.</summary>
    public bool Holds(TunnelProof proof, TunnelIdentity identity) => proof switch
    {
        NoProof => _options.Anonymous,
        KeyProof key => _keys.Holds(key.Key),
        TokenProof token => Issuers.Holds(token.Claims, identity),
        CertificateProof certificate => Array.Exists(_certificates, binding => binding.Fits(certificate.Certificate, identity)),
        _ => false,
    };

    public void Dispose() => Issuers.Dispose();
}
