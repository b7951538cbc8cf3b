using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Core.Clusters.Breaking;

/// <summary>
/// When a breaker opens, as it is written: <c>error_ratio > 50% || latency(0.99) > 2s</c>. There are <c>error_ratio</c>,
/// <c>network_error_ratio</c>, <c>status_ratio(500-599)</c>, <c>latency(quantile)</c> and <c>requests</c>; <c>&gt;</c>, <c>&gt;=</c>,
/// <c>&lt;</c>, <c>&lt;=</c>; <c>&amp;&amp;</c>, <c>||</c> and parentheses.
/// </summary>
internal sealed class BreakerCondition : IEquatable<BreakerCondition>
{
    private readonly Func<BreakerWindow, bool> _test;
    private readonly string _text;

    private BreakerCondition(string text, Func<BreakerWindow, bool> test, IReadOnlyList<StatusRange> ranges) =>
        (_text, _test, Ranges) = (text, test, ranges);

    /// <summary>The statuses a window must count for it.</summary>
    public IReadOnlyList<StatusRange> Ranges { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out BreakerCondition? condition, out string error)
    {
        var parser = new BreakerParser(text);
        condition = parser.TryParse(out var test, out error) ? new BreakerCondition(text, test, parser.Ranges) : null;
        return condition is not null;
    }

    public bool Holds(BreakerWindow window) => _test(window);

    public bool Equals(BreakerCondition? other) => other is not null && other._text == _text;

    public override bool Equals(object? obj) => Equals(obj as BreakerCondition);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => _text;
}
