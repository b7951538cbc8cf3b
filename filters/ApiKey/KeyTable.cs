using System.Text.Json;
using System.Text.Json.Serialization;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.ApiKey;

/// <summary>The keys that are known, found by their digests.</summary>
internal sealed class KeyTable
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly Dictionary<KeyDigest, KnownKey> _keys = [];

    /// <exception cref="ArgumentException">A key is wrong, or there twice.</exception>
    public KeyTable(IEnumerable<(ApiKeyEntry Entry, string Place)> entries)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (entry, place) in entries)
        {
            var (digest, key) = KnownKey.Read(entry, place);
            if (!ids.Add(key.Id))
            {
                throw new ArgumentException($"{place}: the id '{key.Id}' is there twice");
            }

            if (!_keys.TryAdd(digest, key))
            {
                throw new ArgumentException($"{place}: '{key.Id}' is the same key as '{_keys[digest].Id}'");
            }
        }
    }

    public IReadOnlyCollection<KnownKey> All => _keys.Values;

    public KnownKey? Find(KeyDigest digest) => _keys.GetValueOrDefault(digest);

    /// <summary>The keys of a file.</summary>
    /// <exception cref="ArgumentException">It cannot be read, or is no such file.</exception>
    public static IEnumerable<(ApiKeyEntry Entry, string Place)> Read(string path)
    {
        var text = OptionFile.Read(path, File.ReadAllBytes);
        try
        {
            var list = JsonSerializer.Deserialize<KeyFile>(text, Json) ?? throw new ArgumentException($"{path}: expected {{ \"keys\": [ … ] }}");
            return list.Keys.Select(entry => (entry, path));
        }
        catch (JsonException e)
        {
            // Not the message, which may show a part of the text.
            throw new ArgumentException($"{path}:{e.LineNumber + 1}: expected {{ \"keys\": [ {{ \"id\", \"hash\", \"owner\", … }} ] }}{(e.Path is { } place ? $", at {place}" : "")}", e);
        }
    }

    private sealed record KeyFile
    {
        [JsonRequired]
        public IReadOnlyList<ApiKeyEntry> Keys { get; init; } = [];
    }
}
