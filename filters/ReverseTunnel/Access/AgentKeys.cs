using System.Security.Cryptography;
using FilterProxy.Filters.HmacAuth;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>The secrets agents sign with, and the signatures that came lately.</summary>
internal sealed class AgentKeys
{
    private static readonly byte[] Nobodys = RandomNumberGenerator.GetBytes(32);

    private readonly Dictionary<string, AgentKey> _keys = new(StringComparer.Ordinal);
    private readonly TunnelCredentialOptions _options;
    private readonly ReplayGuard _replays;

    /// <exception cref="ArgumentException">The file cannot be read, or a key is there twice.</exception>
    public AgentKeys(TunnelCredentialOptions options, ComponentContext context)
    {
        _options = options;

        // Apart from the instance: a reload must not make it forget.
        _replays = context.Store(() => new ReplayGuard(context.Time));
        var more = options.KeysFile is { } file ? JsonFile.Read<TunnelKeyOptions>(context.UseFile(file), "keys") : [];
        foreach (var key in options.Keys.Concat(more).Select(key => new AgentKey(key)))
        {
            if (_keys.Values.FirstOrDefault(known => known.Secret.AsSpan().SequenceEqual(key.Secret)) is { } same)
            {
                throw new ArgumentException($"the keys '{same.Id}' and '{key.Id}' have one secret: each agent needs its own");
            }

            if (!_keys.TryAdd(key.Id, key))
            {
                throw new ArgumentException($"the key '{key.Id}' is there twice");
            }
        }
    }

    /// <summary>Checks a signature and who it is of.</summary>
    public (TunnelProof? Proof, HandshakeRefusal? Refusal) Check(HandshakeHead head, string field, TunnelIdentity identity)
    {
        if (HelloSignature.Read(field) is not { } signature)
        {
            return (null, Refuse(401, "tunnel_credential_denied", "its signature cannot be read"));
        }

        // A key nobody has is computed with as well: which ids there are cannot be measured.
        var key = _keys.GetValueOrDefault(signature.Key);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key?.Secret ?? Nobodys, HelloSignature.TextOf(head, signature.Time, signature.Nonce), mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, signature.Value) || key is null)
        {
            var detail = key is null ? $"nobody has a key '{TunnelIdentity.Show(signature.Key)}'" : $"its signature is not that of the key '{key.Id}'";
            return (null, Refuse(401, "tunnel_credential_denied", detail) with { Told = "its signature is nobody's" });
        }

        if (key.Agent != identity)
        {
            return (null, Refuse(403, "tunnel_identity_denied", $"its key '{key.Id}' is that of {key.Agent}") with { Told = "its key is another agent's" });
        }

        // After the signature: what strangers send is not remembered.
        var signed = DateTimeOffset.UnixEpoch.AddSeconds(signature.Time);
        return _replays.Check(key.Id, signature.Nonce, signed, _options.Window, _options.Remember) switch
        {
            ReplayCheck.Fresh => (new KeyProof(key), null),
            ReplayCheck.Replayed => (null, Refuse(401, "tunnel_replayed", $"the same signature of the key '{key.Id}' has come before")),
            ReplayCheck.Full => (null, Refuse(503, "tunnel_busy", "no more signatures can be remembered") with { RetryAfter = _options.Window }),
            _ => (null, Refuse(401, "tunnel_out_of_window", $"it signed at {signed:u} by its clock, more than {_options.Window.TotalSeconds:0} s from ours")),
        };
    }

    /// <summary>Whether a key is still that of an agent.</summary>
    public bool Holds(AgentKey key) =>
        _keys.TryGetValue(key.Id, out var known) && known.Agent == key.Agent && CryptographicOperations.FixedTimeEquals(known.Secret, key.Secret);
}
