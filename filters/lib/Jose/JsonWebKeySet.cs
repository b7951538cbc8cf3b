using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace FilterProxy.Filters.Jose;

/// <summary>The keys of an issuer (RFC 7517 §5). Immutable.</summary>
internal sealed class JsonWebKeySet
{
    private const int LargestText = 512 * 1024;
    private const int MostKeys = 256;

    private readonly JsonWebKey[] _keys;
    private readonly HashSet<string> _broken;

    private JsonWebKeySet(JsonWebKey[] keys, IReadOnlyList<string> skipped, HashSet<string> broken) => (_keys, Skipped, _broken) = (keys, skipped, broken);

    /// <summary>Number of keys that can be used.</summary>
    public int Count => _keys.Length;

    /// <summary>Ids of the keys that can be used; empty for a key without.</summary>
    public IEnumerable<string> Ids => _keys.Select(key => key.Id ?? "");

    /// <summary>The keys that cannot be used, and why; one unknown or bad key does not spoil the others.</summary>
    public IReadOnlyList<string> Skipped { get; }

    /// <summary>Reads a set, <c>{ "keys": [ … ] }</c>.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="symmetric">Whether secrets are wanted rather than public keys. One set never gives both: a secret among what is public is none.</param>
    /// <param name="set">The set, with at least one key.</param>
    /// <param name="problem">Why there is none, without values of keys.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8, bool symmetric, [NotNullWhen(true)] out JsonWebKeySet? set, out string problem)
    {
        set = null;
        if (utf8.Length > LargestText)
        {
            problem = $"it is larger than {LargestText / 1024} KiB";
            return false;
        }

        if (!StrictJson.TryParseObject(utf8, out var root, out problem))
        {
            return false;
        }

        if (!root.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MostKeys)
        {
            problem = $"it has no member 'keys' with a list of at most {MostKeys} keys";
            return false;
        }

        var keys = new List<JsonWebKey>();
        var skipped = new List<string>();
        var broken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var json in list.EnumerateArray())
        {
            var why = "";
            if (JsonWebKeyReader.TryRead(json, out var key, out why) && key.IsSymmetric == symmetric)
            {
                keys.Add(key);
            }
            else
            {
                why = why.Length > 0 ? why : symmetric ? "a secret is expected" : "a secret has no place among public keys";
                var hasId = json.TryGetText("kid", out var id);
                skipped.Add($"key {(hasId ? JwtFailure.Show(id) : "without kid")}: {why}");
                if (hasId && JsonWebKeyReader.IsForSignatures(json))
                {
                    broken.Add(id);
                }
            }
        }

        problem = keys.Count > 0 ? "" : skipped.Count == 0 ? "it has no keys" : $"it has no key that can be used: {string.Join("; ", skipped.Take(3))}";
        set = keys.Count > 0 ? new JsonWebKeySet([.. keys], skipped, broken) : null;
        return set is not null;
    }

    /// <summary>The one key that can have signed a token; null with why there is none, or more than one.</summary>
    /// <param name="id">The id the token names; null for none.</param>
    /// <param name="algorithm">The token's algorithm.</param>
    /// <param name="failure">Why, where there is none.</param>
    public JsonWebKey? Find(string? id, JwsAlgorithm algorithm, out JwtFailure failure)
    {
        JsonWebKey? found = null, nameless = null;
        var (fitting, unnamed, hasId) = (0, 0, false);
        foreach (var key in _keys)
        {
            hasId |= id is not null && key.Id == id;
            if (!JwsAlgorithms.Contains(key.Algorithms, algorithm))
            {
                continue;
            }

            if (id is null || key.Id == id)
            {
                found = key;
                fitting++;
            }
            else if (key.Id is null)
            {
                nameless = key;
                unnamed++;
            }
        }

        // A key without an id may be any that is not there by its id.
        if (fitting == 0 && unnamed == 1 && !hasId)
        {
            (found, fitting) = (nameless, 1);
        }

        failure = fitting switch
        {
            0 when hasId => new(JwtError.AlgorithmDenied, $"the key {JwtFailure.Show(id)} is not for {algorithm}"),
            0 => new(JwtError.UnknownKey, id is null ? $"no key is for {algorithm}" : $"no key is called {JwtFailure.Show(id)}"),
            1 when found!.Id is { } named && _broken.Contains(named) => new(JwtError.AmbiguousKey, $"another key called {JwtFailure.Show(named)} cannot be read"),
            1 => default,
            _ when id is null => new(JwtError.AmbiguousKey, $"it names no key, and {fitting} are for {algorithm}"),
            _ => new(JwtError.AmbiguousKey, $"{fitting} keys are called {JwtFailure.Show(id)}"),
        };
        return failure.Error == JwtError.None ? found : null;
    }
}
