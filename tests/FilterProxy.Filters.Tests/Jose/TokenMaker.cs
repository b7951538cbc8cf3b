using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FilterProxy.Filters.Tests.Jose;

/// <summary>An issuer with a key of its own: publishes it and signs tokens, right ones and wrong ones.</summary>
internal sealed class TokenMaker : IDisposable
{
    private readonly AsymmetricAlgorithm? _key;
    private readonly byte[] _secret = [];

    public TokenMaker(string algorithm = "ES256", string kid = "k1")
    {
        (Algorithm, Kid) = (algorithm, kid);
        switch (algorithm[..2])
        {
            case "RS" or "PS":
                _key = RSA.Create(2048);
                break;
            case "ES":
                _key = ECDsa.Create(algorithm switch
                {
                    "ES256" => ECCurve.NamedCurves.nistP256,
                    "ES384" => ECCurve.NamedCurves.nistP384,
                    _ => ECCurve.NamedCurves.nistP521,
                });
                break;
            default:
                _secret = RandomNumberGenerator.GetBytes(64);
                break;
        }
    }

    public string Algorithm { get; }

    public string Kid { get; }

    /// <summary>The key as a set has it; a secret one with its secret.</summary>
    public JsonObject Jwk
    {
        get
        {
            var jwk = new JsonObject { ["kid"] = Kid, ["use"] = "sig", ["alg"] = Algorithm };
            switch (_key)
            {
                case RSA rsa:
                    var numbers = rsa.ExportParameters(false);
                    (jwk["kty"], jwk["n"], jwk["e"]) = ("RSA", Text(numbers.Modulus!), Text(numbers.Exponent!));
                    break;
                case ECDsa ec:
                    var point = ec.ExportParameters(false);
                    (jwk["kty"], jwk["crv"]) = ("EC", $"P-{ec.KeySize}");
                    (jwk["x"], jwk["y"]) = (Text(point.Q.X!), Text(point.Q.Y!));
                    break;
                default:
                    (jwk["kty"], jwk["k"]) = ("oct", Text(_secret));
                    break;
            }

            return jwk;
        }
    }

    /// <summary>The key as a set of its own.</summary>
    public string Jwks => SetOf(this);

    /// <summary>The keys of several as one set.</summary>
    public static string SetOf(params TokenMaker[] makers) => new JsonObject { ["keys"] = new JsonArray([.. makers.Select(maker => maker.Jwk)]) }.ToJsonString();

    /// <summary>A token with claims, valid for an hour unless they say otherwise.</summary>
    public string Sign(object? claims = null, object? header = null, DateTimeOffset? now = null)
    {
        var payload = JsonSerializer.SerializeToNode(claims ?? new { })!.AsObject();
        if (!payload.ContainsKey("exp"))
        {
            payload["exp"] = (now ?? DateTimeOffset.UtcNow).AddHours(1).ToUnixTimeSeconds();
        }

        var head = new JsonObject { ["alg"] = Algorithm, ["kid"] = Kid };
        foreach (var (name, value) in header is null ? [] : JsonSerializer.SerializeToNode(header)!.AsObject())
        {
            head[name] = value?.DeepClone();
        }

        return SignText(head.ToJsonString(), payload.ToJsonString());
    }

    /// <summary>A token of any header and payload.</summary>
    public string SignText(string header, string payload)
    {
        var text = $"{Text(Encoding.UTF8.GetBytes(header))}.{Text(Encoding.UTF8.GetBytes(payload))}";
        return $"{text}.{Text(SignBytes(Encoding.ASCII.GetBytes(text)))}";
    }

    public void Dispose() => _key?.Dispose();

    public static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private byte[] SignBytes(byte[] text)
    {
        var hash = Algorithm[2..] switch
        {
            "256" => HashAlgorithmName.SHA256,
            "384" => HashAlgorithmName.SHA384,
            _ => HashAlgorithmName.SHA512,
        };
        return _key switch
        {
            RSA rsa => rsa.SignData(text, hash, Algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1),
            ECDsa ec => ec.SignData(text, hash),
            _ => CryptographicOperations.HmacData(hash, _secret, text),
        };
    }
}
