namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Whose turn it is of some that share by weight: of 3 and 1, three of four turns are the first one's, spread evenly. A turn costs one addition.</summary>
internal sealed class ServiceTurns
{
    private const int MostTurns = 4096;

    private readonly int[] _turns;
    private int _next = -1;

    /// <param name="members">Who shares, and by what weight, from 1 on.</param>
    public ServiceTurns(IReadOnlyCollection<(ServiceMember Member, int Weight)> members)
    {
        Members = [.. members.Select(member => member.Member)];
        var weights = members.Select(member => member.Weight).ToArray();
        var divisor = weights.Aggregate(0, Divisor);
        var sum = weights.Sum(weight => (long)weight) / Math.Max(divisor, 1);
        _turns = [.. weights.SelectMany((weight, member) => TurnsOf(member, CountOf(weight / Math.Max(divisor, 1), sum))).OrderBy(turn => turn.At).Select(turn => turn.Member)];
    }

    public static ServiceTurns None { get; } = new([]);

    public ServiceMember[] Members { get; }

    /// <summary>Whose turn it is; 0 where nobody is there.</summary>
    public int Next() => _turns.Length == 0 ? 0 : _turns[(uint)Interlocked.Increment(ref _next) % (uint)_turns.Length];

    private static int Divisor(int a, int b) => b == 0 ? a : Divisor(b, a % b);

    // Many agents of odd weights take turns less exactly, rather than in a table of hundreds of thousands.
    private static int CountOf(int weight, long sum) => sum <= MostTurns ? weight : (int)Math.Max(1, weight * MostTurns / sum);

    // In the middle of as many equal parts of a round as the member has turns.
    private static IEnumerable<(double At, int Member)> TurnsOf(int member, int count) => Enumerable.Range(0, count).Select(i => ((i + 0.5) / count, member));
}
