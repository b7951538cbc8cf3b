using System.Collections.Concurrent;
using System.Text.Json;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.ApiKey;

/// <summary>Keys that redis has, remembered for a while. What nobody has is not remembered: strangers could fill the memory with it.</summary>
internal sealed class RedisKeys(RespClient client, string prefix, TimeSpan remember, TimeProvider time) : IDisposable
{
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<KeyDigest, Remembered> _remembered = new();

    /// <summary>A key that was there a moment ago.</summary>
    public KnownKey? Find(KeyDigest digest) => _remembered.TryGetValue(digest, out var known) && time.GetTimestamp() < known.Until ? known.Key : null;

    /// <summary>Asks for a key.</summary>
    /// <returns>The key, null where there is none, and what is wrong where that could not be found out.</returns>
    public async ValueTask<(KnownKey? Key, string Problem)> FetchAsync(KeyDigest digest)
    {
        var hash = digest.ToString();
        var reply = await client.SendAsync(new RespCommand(2).Add("GET").AddKey(prefix + hash));
        if (!reply.IsDone)
        {
            return (null, $"redis: {reply.Problem}");
        }

        if (reply.Value.IsNull)
        {
            _remembered.TryRemove(digest, out _);
            return (null, "");
        }

        try
        {
            var entry = JsonSerializer.Deserialize<ApiKeyEntry>(reply.Value.Bytes, KeyTable.Json) ?? throw new JsonException();
            var (_, key) = KnownKey.Read(entry with { Hash = hash }, "redis");
            Remember(digest, key);
            return (key, "");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Not the message of the reader, which may show a part of the text.
            return (null, e is ArgumentException ? e.Message : "redis: what is there is no key");
        }
    }

    public void Dispose() => client.Dispose();

    private void Remember(KeyDigest digest, KnownKey key)
    {
        if (_remembered.Count >= Most)
        {
            foreach (var (other, known) in _remembered)
            {
                if (time.GetTimestamp() >= known.Until)
                {
                    _remembered.TryRemove(other, out _);
                }
            }
        }

        if (_remembered.Count < Most)
        {
            _remembered[digest] = new Remembered(key, time.GetTimestamp() + (long)(remember.TotalSeconds * time.TimestampFrequency));
        }
    }

    private sealed record Remembered(KnownKey Key, long Until);
}
