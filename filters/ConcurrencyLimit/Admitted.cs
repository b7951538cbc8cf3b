using FilterProxy.Filters.Keys;
using Microsoft.Extensions.ObjectPool;

namespace FilterProxy.Filters.ConcurrencyLimit;

/// <summary>What a request holds while it is under way; used again by another.</summary>
internal sealed class Admitted
{
    private static readonly ObjectPool<Admitted> Pool = ObjectPool.Create<Admitted>();

    public KeyId Key { get; set; }

    public bool HasKey { get; set; }

    public bool IsCounted { get; set; }

    public long Started { get; set; }

    public static Admitted Rent() => Pool.Get();

    public void Return()
    {
        (HasKey, IsCounted) = (false, false);
        Pool.Return(this);
    }
}
