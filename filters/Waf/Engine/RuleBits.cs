namespace FilterProxy.Filters.Waf.Engine;

/// <summary>A set of rules by their index.</summary>
internal sealed class RuleBits(int count)
{
    private readonly ulong[] _bits = new ulong[(count + 63) / 64];

    public bool this[int index] => (_bits[index >> 6] & (1UL << (index & 63))) != 0;

    public static RuleBits Of(IReadOnlyList<Rule> rules, Predicate<Rule> predicate)
    {
        var bits = new RuleBits(rules.Count);
        foreach (var rule in rules.Where(rule => predicate(rule)))
        {
            bits._bits[rule.Index >> 6] |= 1UL << (rule.Index & 63);
        }

        return bits;
    }

    public void Add(RuleBits other)
    {
        for (var i = 0; i < _bits.Length; i++)
        {
            _bits[i] |= other._bits[i];
        }
    }
}
