using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace FilterProxy.Filters.Jose;

/// <summary>Makes keys of what a set says, if they are for checking signatures and no danger.</summary>
internal static class JsonWebKeyReader
{
    private const int LongestId = 256;
    private const int SmallestRsa = 2048;
    private const int LargestRsa = 8192;

    // RFC 7518 §6.2.2, §6.3.2: what only the owner may have.
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth"];

    /// <param name="json">The key.</param>
    /// <param name="key">The key, when it can be used.</param>
    /// <param name="problem">Why it cannot, without its values.</param>
    public static bool TryRead(JsonElement json, [NotNullWhen(true)] out JsonWebKey? key, out string problem)
    {
        key = null;
        problem = CheckUse(json);
        if (problem.Length > 0)
        {
            return false;
        }

        string? id = null;
        if (json.TryGetProperty("kid", out _) && (!json.TryGetText("kid", out id) || id.Length > LongestId))
        {
            problem = "its kid is no text of at most 256 characters";
            return false;
        }

        try
        {
            key = json.TryGetText("kty", out var type)
                ? type switch
                {
                    "RSA" => ReadRsa(json, id, out problem),
                    "EC" => ReadEc(json, id, out problem),
                    "oct" => ReadSymmetric(json, id, out problem),
                    _ => Nothing($"keys of the type {JwtFailure.Show(type)} are not supported", out problem),
                }
                : Nothing("it has no kty", out problem);
        }
        catch (CryptographicException)
        {
            problem = "its parameters are no key";
        }

        return key is not null;
    }

    /// <summary>Whether a key, readable or not, is of a known type and meant to check signatures.</summary>
    public static bool IsForSignatures(JsonElement json) => CheckUse(json).Length == 0 && json.TryGetText("kty", out var type) && (type is "RSA" or "EC" or "oct");

    // RFC 7517 §4.2, §4.3
    private static string CheckUse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return "it is no object";
        }

        if (json.TryGetProperty("use", out var use) && !(use.ValueKind == JsonValueKind.String && use.ValueEquals("sig"u8)))
        {
            return "it is not for signatures (use)";
        }

        if (json.TryGetProperty("key_ops", out var operations)
            && !(operations.ValueKind == JsonValueKind.Array
                && operations.EnumerateArray().Any(operation => operation.ValueKind == JsonValueKind.String && operation.ValueEquals("verify"u8))))
        {
            return "it is not for verifying (key_ops)";
        }

        // Whoever can read the set could sign: such a key proves nothing.
        return Array.Exists(PrivateMembers, member => json.TryGetProperty(member, out _)) ? "it holds a private key" : "";
    }

    private static RsaJsonWebKey? ReadRsa(JsonElement json, string? id, out string problem)
    {
        if (!TryGetNumber(json, "n", out var modulus) || !TryGetNumber(json, "e", out var exponent))
        {
            return Nothing<RsaJsonWebKey>("n or e is no number", out problem);
        }

        var bits = (modulus.Length * 8) - (modulus.Length == 0 ? 0 : System.Numerics.BitOperations.LeadingZeroCount((uint)modulus[0]) - 24);
        if (bits is < SmallestRsa or > LargestRsa)
        {
            return Nothing<RsaJsonWebKey>($"it has {bits} bits: expected {SmallestRsa} to {LargestRsa} (RFC 7518 §3.3)", out problem);
        }

        if (exponent.Length is 0 or > 4 || (exponent[^1] & 1) == 0 || (modulus[^1] & 1) == 0 || exponent is [1])
        {
            return Nothing<RsaJsonWebKey>("its exponent or modulus is none of a key's", out problem);
        }

        if (RsaWeakness.IsRoca(modulus))
        {
            return Nothing<RsaJsonWebKey>("it can be factored (CVE-2017-15361)", out problem);
        }

        var fitting = JwsAlgorithms.SetOf(Enum.GetValues<JwsAlgorithm>().Where(JwsAlgorithms.IsRsa));
        return TryGetAlgorithms(json, fitting, out var algorithms, out problem)
            ? new RsaJsonWebKey(id, algorithms, new RSAParameters { Modulus = modulus, Exponent = exponent })
            : null;
    }

    private static EcJsonWebKey? ReadEc(JsonElement json, string? id, out string problem)
    {
        json.TryGetText("crv", out var name);
        var (curve, length, algorithm) = name switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, 32, JwsAlgorithm.ES256),
            "P-384" => (ECCurve.NamedCurves.nistP384, 48, JwsAlgorithm.ES384),
            "P-521" => (ECCurve.NamedCurves.nistP521, 66, JwsAlgorithm.ES512),
            _ => (default, 0, JwsAlgorithm.None),
        };
        if (length == 0)
        {
            return Nothing<EcJsonWebKey>($"the curve {JwtFailure.Show(name)} is not supported", out problem);
        }

        // RFC 7518 §6.2.1.2: at the full length of the curve.
        if (!TryGetBytes(json, "x", out var x) || !TryGetBytes(json, "y", out var y) || x.Length != length || y.Length != length)
        {
            return Nothing<EcJsonWebKey>("x or y is no coordinate", out problem);
        }

        return TryGetAlgorithms(json, JwsAlgorithms.SetOf([algorithm]), out var algorithms, out problem)
            ? new EcJsonWebKey(id, algorithms, new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } })
            : null;
    }

    private static SymmetricJsonWebKey? ReadSymmetric(JsonElement json, string? id, out string problem)
    {
        if (!TryGetBytes(json, "k", out var secret))
        {
            return Nothing<SymmetricJsonWebKey>("k is no secret", out problem);
        }

        // RFC 7518 §3.2: as long as the hash at least.
        (JwsAlgorithm Algorithm, int Length)[] needed = [(JwsAlgorithm.HS256, 32), (JwsAlgorithm.HS384, 48), (JwsAlgorithm.HS512, 64)];
        var fitting = JwsAlgorithms.SetOf(needed.Where(need => secret.Length >= need.Length).Select(need => need.Algorithm));
        if (fitting == 0)
        {
            return Nothing<SymmetricJsonWebKey>("its secret is shorter than 32 bytes (RFC 7518 §3.2)", out problem);
        }

        return TryGetAlgorithms(json, fitting, out var algorithms, out problem) ? new SymmetricJsonWebKey(id, algorithms, secret) : null;
    }

    // RFC 7517 §4.4: a key that names an algorithm is for no other.
    private static bool TryGetAlgorithms(JsonElement json, int fitting, out int algorithms, out string problem)
    {
        (algorithms, problem) = (fitting, "");
        if (json.TryGetProperty("alg", out _))
        {
            json.TryGetText("alg", out var name);
            algorithms = fitting & JwsAlgorithms.SetOf([JwsAlgorithms.Parse(name)]);
            problem = algorithms == 0 ? $"it is not for signatures by {JwtFailure.Show(name)}" : "";
        }

        return algorithms != 0;
    }

    private static bool TryGetBytes(JsonElement json, string member, out byte[] bytes)
    {
        bytes = [];
        return json.TryGetText(member, out var text) && Base64UrlText.TryDecode(text, out bytes);
    }

    // Zeros in front do not count; some write one to keep the number positive.
    private static bool TryGetNumber(JsonElement json, string member, out byte[] number)
    {
        var isNumber = TryGetBytes(json, member, out number);
        number = number.AsSpan().TrimStart((byte)0).ToArray();
        return isNumber;
    }

    private static T? Nothing<T>(string why, out string problem)
        where T : JsonWebKey
    {
        problem = why;
        return null;
    }

    private static JsonWebKey? Nothing(string why, out string problem) => Nothing<JsonWebKey>(why, out problem);
}
