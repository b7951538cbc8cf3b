namespace FilterProxy.Filters.Jail;

/// <summary>What a client has done lately. Its table holds a lock over it.</summary>
internal sealed class Record
{
    /// <summary>Offences that are shown as proof.</summary>
    public const int MostProof = 5;

    private readonly string?[] _proof = new string?[MostProof];
    private int _next;
    private long _level;
    private long _at;

    /// <summary>Bans so far, while it has been remembered.</summary>
    public int Bans { get; set; }

    /// <summary>The last offences, oldest first.</summary>
    public IReadOnlyList<string> Proof => [.. Enumerable.Range(0, MostProof).Select(i => _proof[(_next + i) % MostProof]).OfType<string>()];

    /// <summary>Adds an offence; true when it was one too many.</summary>
    public bool Add(int weight, string proof, int max, long per, long now)
    {
        Leak(per, now);
        _proof[_next] = proof;
        _next = (_next + 1) % MostProof;

        // A weight in ticks of the time it takes to run out. The last one counts although a little of the first has run out meanwhile.
        var unit = per / max;
        _level = Math.Min(_level + (weight * unit), long.MaxValue / 4);
        return _level + unit > per;
    }

    /// <summary>Begins anew after a ban.</summary>
    public void Clear() => _level = 0;

    public bool IsIdle(long per, long now)
    {
        Leak(per, now);
        return _level == 0;
    }

    private void Leak(long per, long now)
    {
        _level = Math.Max(0, _level - Math.Clamp(now - _at, 0, per));
        _at = now;
    }
}
