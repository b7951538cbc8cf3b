using Microsoft.Extensions.ObjectPool;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What a request keeps for its response's fields; used again when it has ended.</summary>
internal sealed class RateWork
{
    private static readonly ObjectPool<RateWork> Pool = ObjectPool.Create<RateWork>();
    private readonly Charge[] _charges = new Charge[RateLimitFilter.MostLimits];
    private int _count;

    public ReadOnlySpan<Charge> Charges => _charges.AsSpan(0, _count);

    public static RateWork Rent(ReadOnlySpan<Charge> charges)
    {
        var work = Pool.Get();
        charges.CopyTo(work._charges);
        work._count = charges.Length;
        return work;
    }

    public void Return() => Pool.Return(this);
}
