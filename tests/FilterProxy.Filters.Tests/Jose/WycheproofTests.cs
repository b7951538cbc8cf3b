extern alias jwt_auth;

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using jwt_auth::FilterProxy.Filters.Jose;
using Xunit;

namespace FilterProxy.Filters.Tests.Jose;

/// <summary>Every vector of Wycheproof for signed tokens and their keys, and every encrypted one, which is refused.</summary>
public sealed class WycheproofTests
{
    private const int AllAlgorithms = -1;

    // Vectors that contradict their own comment, the RFC or another vector. What is expected instead, and why.
    private static readonly Dictionary<int, (bool Holds, string Why)> Disputed = new()
    {
        [346] = (false, "the key says alg PS256, the token PS384: 'intended for use with' (RFC 7517 §4.4), as vectors 331 to 340 have it"),
        [350] = (false, "as 346"),
        [347] = (false, "the key says alg ES521, which does not exist; vector 19 of the key set file refuses the same"),
        [351] = (false, "as 347"),
        [367] = (true, "called invalid padding, but has none: it is vector 357 byte for byte, which is valid"),
        [370] = (true, "as 367"),
        [372] = (false, "called an invalid character in the header, and has one: '?' is not base64url (RFC 7515 §2)"),
        [373] = (false, "as 372, in the payload"),
    };

    [JoseVectorFact]
    public void Signatures_are_judged_right() => Assert.Equal((401, ""), Judge("json_web_signature_test.json", Disputed));

    [JoseVectorFact]
    public void Key_sets_are_judged_right() => Assert.Equal((26, ""), Judge("json_web_key_test.json", []));

    [JoseVectorFact]
    public void The_mixed_file_is_judged_right() => Assert.Equal((83, ""), Judge("json_web_crypto_test.json", []));

    [JoseVectorFact]
    public void Encrypted_tokens_are_refused() => Assert.Equal(139, Groups("json_web_encryption_test.json").Sum(group =>
    {
        foreach (var test in group["tests"]!.AsArray())
        {
            Assert.False(JwsToken.TryParse(Encoding.UTF8.GetBytes(TextOf(test!["jwe"]!)), 100_000, out _, out var failure));
            Assert.Equal(JwtError.Malformed, failure.Error);
        }

        return group["tests"]!.AsArray().Count;
    }));

    [JoseVectorFact]
    public void What_is_disputed_of_the_keys_holds_once_the_key_makes_no_false_claim()
    {
        foreach (var group in Groups("json_web_signature_test.json").Where(group => group["tests"]![0]!["tcId"]!.GetValue<int>() is 346 or 347 or 350 or 351))
        {
            group["public"]!.AsObject().Remove("alg");
            Assert.True(Holds(group, TextOf(group["tests"]![0]!["jws"]!)));
        }
    }

    private static (int Count, string Wrong) Judge(string file, Dictionary<int, (bool Holds, string Why)> disputed)
    {
        var (count, wrong) = (0, new StringBuilder());
        foreach (var group in Groups(file))
        {
            foreach (var test in group["tests"]!.AsArray())
            {
                count++;
                var id = test!["tcId"]!.GetValue<int>();
                var isEncrypted = test["jwe"] is not null;
                var expected = disputed.TryGetValue(id, out var dispute) ? dispute.Holds : test["result"]!.GetValue<string>() == "valid" && !isEncrypted;
                if (Holds(group, TextOf((test["jws"] ?? test["jwe"])!)) != expected)
                {
                    wrong.AppendLine($"{id} {test["comment"]}: expected {expected}");
                }
            }
        }

        return (count, wrong.ToString());
    }

    // What verifies has the public key, or the secret where there is none.
    private static bool Holds(JsonNode group, string token)
    {
        var key = group["public"] ?? group["private"]!;
        var set = key["keys"] is null ? new JsonObject { ["keys"] = new JsonArray(key.DeepClone()) } : key;
        var isSymmetric = set["keys"]!.AsArray().All(k => k!["kty"]!.GetValue<string>() == "oct");
        return JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(set.ToJsonString()), isSymmetric, out var keys, out _)
            && JwsToken.TryParse(Encoding.UTF8.GetBytes(token), 100_000, out var parsed, out _)
            && parsed.IsSignedBy(keys, AllAlgorithms, out _);
    }

    private static string TextOf(JsonNode token) => token.GetValueKind() == JsonValueKind.String ? token.GetValue<string>() : token.ToJsonString();

    private static List<JsonNode> Groups(string file) =>
        [.. JsonNode.Parse(File.ReadAllText(Path.Combine(JoseVectors.Folder!, file)))!["testGroups"]!.AsArray().Select(group => group!)];
}
