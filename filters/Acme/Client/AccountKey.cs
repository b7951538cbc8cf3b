using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace FilterProxy.Filters.Acme.Client;

/// <summary>The key of an ACME account, ECDSA on P-256: signs requests and proves challenges.</summary>
internal sealed class AccountKey : IDisposable
{
    private readonly ECDsa _key;

    private AccountKey(ECDsa key)
    {
        _key = key;
        var point = key.ExportParameters(false).Q;

        // RFC 7638 §3: these members in this order, without spaces.
        var jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64.Encode(point.X)}}","y":"{{Base64.Encode(point.Y)}}"}""";
        Jwk = jwk;
        Thumbprint = Base64.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(jwk)));
    }

    /// <summary>The public key as JSON.</summary>
    public string Jwk { get; }

    /// <summary>Its thumbprint.</summary>
    public string Thumbprint { get; }

    public static AccountKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <exception cref="CryptographicException">It is no key. <see cref="ArgumentException"/> likewise.</exception>
    public static AccountKey FromPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.KeySize == 256 ? new AccountKey(key) : throw new CryptographicException("The account key is not on P-256.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    public string ToPem() => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>What proves a challenge (RFC 8555 §8.1).</summary>
    public string Authorize(string token) => $"{token}.{Thumbprint}";

    /// <summary>A signed request (RFC 8555 §6.2).</summary>
    /// <param name="url">Where it goes.</param>
    /// <param name="nonce">From the CA, used once.</param>
    /// <param name="account">The account's URL; null to show the key itself.</param>
    /// <param name="payload">JSON; empty for POST-as-GET.</param>
    public string Sign(Uri url, string nonce, Uri? account, string payload)
    {
        var head = new JsonObject { ["alg"] = "ES256", ["nonce"] = nonce, ["url"] = url.AbsoluteUri };
        if (account is null)
        {
            head["jwk"] = JsonNode.Parse(Jwk);
        }
        else
        {
            head["kid"] = account.AbsoluteUri;
        }

        return Flatten(head, payload, input => _key.SignData(input, HashAlgorithmName.SHA256));
    }

    /// <summary>This key, signed with a key the CA knows (RFC 8555 §7.3.4).</summary>
    public JsonNode Bind(Uri newAccount, EabOptions eab)
    {
        Base64.TryDecode(eab.HmacKey, out var mac);
        var head = new JsonObject { ["alg"] = "HS256", ["kid"] = eab.Kid, ["url"] = newAccount.AbsoluteUri };
        return JsonNode.Parse(Flatten(head, Jwk, input => HMACSHA256.HashData(mac, input)))!;
    }

    public void Dispose() => _key.Dispose();

    private static string Flatten(JsonObject head, string payload, Func<byte[], byte[]> sign)
    {
        var (first, second) = (Base64.Encode(Encoding.UTF8.GetBytes(head.ToJsonString())), Base64.Encode(Encoding.UTF8.GetBytes(payload)));
        var signature = Base64.Encode(sign(Encoding.ASCII.GetBytes($"{first}.{second}")));
        return new JsonObject { ["protected"] = first, ["payload"] = second, ["signature"] = signature }.ToJsonString();
    }
}
