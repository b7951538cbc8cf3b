using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether one of many phrases stands in a value, ASCII case aside.</summary>
internal sealed class PhraseMatch(IReadOnlyList<string> phrases) : Operator
{
    private readonly Lazy<LiteralSearch> _search = new(() => LiteralSearch.Create(phrases.Select(phrase => (phrase, 0))));

    public override IReadOnlyCollection<string> RequiredLiterals { get; } = [.. phrases.Distinct()];

    public override bool Matches(string text, OperatorRun run)
    {
        if (!_search.Value.TryFind(text, out var start, out var length))
        {
            return false;
        }

        if (run.WantsCaptures)
        {
            run.Capture(text.Substring(start, length));
        }

        return true;
    }
}
