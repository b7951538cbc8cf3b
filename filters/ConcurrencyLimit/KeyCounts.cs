using System.Runtime.InteropServices;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.ConcurrencyLimit;

/// <summary>
/// Requests under way by key. There are never more keys than requests: a key is gone with its last one. Parts have a lock each.
/// </summary>
internal sealed class KeyCounts
{
    private const int Parts = 32, MostText = 40;
    private readonly Part[] _parts = [.. Enumerable.Range(0, Parts).Select(_ => new Part())];

    public int Count => _parts.Sum(part => part.Entries.Count);

    /// <summary>Counts one more; false when there are <paramref name="max"/>, unless it is counted anyway.</summary>
    /// <param name="id">The key.</param>
    /// <param name="text">The key as it is shown; empty for an address.</param>
    /// <param name="max">How many there may be.</param>
    /// <param name="anyway">Counts it also when there are too many.</param>
    public bool TryEnter(in KeyId id, ReadOnlySpan<byte> text, int max, bool anyway)
    {
        var part = PartOf(id);
        lock (part.Gate)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(part.Entries, id, out var exists);
            if (!exists && !text.IsEmpty)
            {
                entry.Text = text[..Math.Min(text.Length, MostText)].ToArray();
            }

            var fits = entry.Active < max;
            if (fits || anyway)
            {
                entry.Active++;
            }

            return fits;
        }
    }

    /// <summary>Counts one less.</summary>
    public void Leave(in KeyId id)
    {
        var part = PartOf(id);
        lock (part.Gate)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(part.Entries, id);
            if (--entry.Active == 0)
            {
                part.Entries.Remove(id);
            }
        }
    }

    /// <summary>The keys with the most requests under way.</summary>
    public List<(string Key, int Active)> Top(int count)
    {
        var all = new List<(string, int)>();
        foreach (var part in _parts)
        {
            lock (part.Gate)
            {
                all.AddRange(part.Entries.Select(pair => (pair.Key.Show(pair.Value.Text), pair.Value.Active)));
            }
        }

        return [.. all.OrderByDescending(item => item.Item2).Take(count)];
    }

    private Part PartOf(in KeyId id) => _parts[id.Spread() % Parts];

    private struct Entry
    {
        public int Active;
        public byte[]? Text;
    }

    private sealed class Part
    {
        public Lock Gate { get; } = new();

        public Dictionary<KeyId, Entry> Entries { get; } = new(KeyIdComparer.Instance);
    }
}
