namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>
/// The endpoints of a set that have a share of the traffic, to be drawn from in proportion to it in constant time (the alias method).
/// </summary>
internal sealed class Shares
{
    private readonly Endpoint[] _endpoints;
    private readonly int[] _weights;

    // Column i is its own below the bound and its alias's above; null when all shares are equal.
    private readonly uint[]? _bounds;
    private readonly int[] _aliases = [];

    public Shares(EndpointSet set)
    {
        var places = Enumerable.Range(0, set.Count).Where(i => set.WeightOf(i) > 0).ToArray();
        _endpoints = [.. places.Select(i => set[i])];
        _weights = [.. places.Select(set.WeightOf)];
        if (_weights.Distinct().Skip(1).Any())
        {
            (_bounds, _aliases) = BuildAliases(_weights);
        }
    }

    public int Count => _endpoints.Length;

    public Endpoint this[int index] => _endpoints[index];

    public long WeightOf(int index) => _weights[index];

    /// <summary>The place of one, drawn by its share. There must be one.</summary>
    public int Draw()
    {
        var random = Dice.Next();
        var column = (int)(((random >> 32) * (uint)_endpoints.Length) >> 32);
        return _bounds is null || (uint)random < _bounds[column] ? column : _aliases[column];
    }

    /// <summary>
    /// Two places, drawn by their shares. One that was tried gives way to the other, and where there is but one it stands twice. There must
    /// be one.
    /// </summary>
    public (int First, int Second) DrawTwo(in PickContext context)
    {
        var first = Draw();
        var second = _endpoints.Length == 1 ? first : DrawOther(first);
        if (context.Tried is not null)
        {
            first = context.WasTried(_endpoints[first]) ? second : first;
            second = context.WasTried(_endpoints[second]) ? first : second;
        }

        return (first, second);
    }

    private int DrawOther(int place)
    {
        for (var i = 0; i < 4; i++)
        {
            if (Draw() is var other && other != place)
            {
                return other;
            }
        }

        var next = Dice.Below(_endpoints.Length - 1);
        return next < place ? next : next + 1;
    }

    private static (uint[] Bounds, int[] Aliases) BuildAliases(int[] weights)
    {
        var scale = weights.Length / weights.Sum(w => (double)w);
        var left = Array.ConvertAll(weights, w => w * scale);
        var bounds = new uint[weights.Length];
        var aliases = new int[weights.Length];
        var small = new Stack<int>();
        var large = new Stack<int>();
        for (var i = 0; i < left.Length; i++)
        {
            (left[i] < 1 ? small : large).Push(i);
        }

        while (small.Count > 0 && large.Count > 0)
        {
            var (low, high) = (small.Pop(), large.Pop());
            bounds[low] = (uint)(left[low] * uint.MaxValue);
            aliases[low] = high;
            left[high] -= 1 - left[low];
            (left[high] < 1 ? small : large).Push(high);
        }

        // What rounding left over is full.
        foreach (var full in small.Concat(large))
        {
            (bounds[full], aliases[full]) = (uint.MaxValue, full);
        }

        return (bounds, aliases);
    }
}
