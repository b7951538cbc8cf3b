using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Core.Routing;

/// <summary>Picks one of several weighted targets from a random number. Immutable.</summary>
internal sealed class WeightedChoice
{
    private readonly ulong[] _bounds;

    private WeightedChoice(ulong[] bounds) => _bounds = bounds;

    /// <summary>Makes a choice among as many targets as there are weights. A target of weight 0 is never picked.</summary>
    public static bool TryCreate(IReadOnlyList<int> weights, [NotNullWhen(true)] out WeightedChoice? choice, out string error)
    {
        choice = null;
        error = "";
        var bounds = new ulong[weights.Count];
        ulong total = 0;
        for (var i = 0; i < weights.Count; i++)
        {
            if (weights[i] < 0)
            {
                error = "a weight must not be negative";
                return false;
            }

            total += (ulong)weights[i];
            bounds[i] = total;
        }

        if (total == 0)
        {
            error = "at least one weight must be greater than 0";
            return false;
        }

        choice = new WeightedChoice(bounds);
        return true;
    }

    /// <summary>The index of the target for a number drawn evenly from all of <see cref="ulong"/>.</summary>
    public int Pick(ulong random)
    {
        // Scaled by multiplication, not by remainder: even to within one part in 2^64 whatever the total is.
        var point = Math.BigMul(random, _bounds[^1], out _);
        var index = 0;
        while (_bounds[index] <= point)
        {
            index++;
        }

        return index;
    }
}
