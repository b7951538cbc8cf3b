namespace FilterProxy.Filters.Keys;

/// <summary>Keys in a dictionary, spread as no client can foresee.</summary>
internal sealed class KeyIdComparer : IEqualityComparer<KeyId>
{
    public static KeyIdComparer Instance { get; } = new();

    public bool Equals(KeyId x, KeyId y) => x == y;

    public int GetHashCode(KeyId obj) => (int)obj.Spread();
}
