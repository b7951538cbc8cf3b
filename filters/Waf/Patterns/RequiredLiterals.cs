namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>
/// Finds texts of which at least one stands in whatever an expression matches: where none of them is, the expression need not run. In lower case,
/// as they are looked for without case.
/// </summary>
internal static class RequiredLiterals
{
    private const int MaxExact = 32;
    private const int MaxAny = 256;
    private const int MaxLength = 24;

    /// <returns>The texts, or null where there are none that must be there.</returns>
    public static IReadOnlyCollection<string>? Of(PatternNode node)
    {
        var facts = Visit(node);
        var any = facts.Exact is null ? facts.Any : Usable(facts.Exact);
        return any;
    }

    private static Facts Visit(PatternNode node) => node switch
    {
        PatternNode.Literal literal => Facts.Of([Lower(literal.Value)]),
        PatternNode.Class set => OfClass(set),
        PatternNode.Anchor or PatternNode.Options => Facts.Of([""]),
        PatternNode.Group { Kind: GroupKind.LookAhead or GroupKind.Look } => Facts.Of([""]),
        PatternNode.Group group => Visit(group.Inner),
        PatternNode.Sequence sequence => OfSequence(sequence),
        PatternNode.Choice choice => OfChoice(choice),
        PatternNode.Repeat repeat => OfRepeat(repeat),
        _ => Facts.Nothing,
    };

    private static Facts OfClass(PatternNode.Class set)
    {
        if (set.IsNegated || set.Set.Count > 16)
        {
            return Facts.Nothing;
        }

        var texts = new HashSet<string>(StringComparer.Ordinal);
        for (var value = 0; value < 256; value++)
        {
            if (set.Set[value])
            {
                texts.Add(Lower(value));
            }
        }

        return texts.Count <= 8 ? Facts.Of(texts) : Facts.Nothing;
    }

    private static Facts OfSequence(PatternNode.Sequence sequence)
    {
        HashSet<string>? run = [""];
        var isExact = true;
        IReadOnlyCollection<string>? best = null;
        foreach (var item in sequence.Items)
        {
            var facts = Visit(item);
            if (facts.Exact is { } next && run is not null && run.Count * next.Count <= MaxExact && Longest(run) + Longest(next) <= MaxLength)
            {
                run = Join(run, next);
                continue;
            }

            isExact = false;
            best = Better(best, run is null ? null : Usable(run));
            run = facts.Exact is { } begin && begin.Count <= MaxExact ? begin : null;
            best = Better(best, facts.Exact is null ? facts.Any : Usable(facts.Exact));
            run ??= [""];
        }

        return isExact ? Facts.Of(run) : new Facts(null, Better(best, Usable(run!)));
    }

    private static Facts OfChoice(PatternNode.Choice choice)
    {
        var exact = new HashSet<string>(StringComparer.Ordinal);
        var any = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in choice.Items)
        {
            var facts = Visit(item);
            if (facts.Exact is { } texts && exact is not null)
            {
                exact.UnionWith(texts);
            }
            else
            {
                exact = null;
            }

            if (any is not null && (facts.Exact is null ? facts.Any : Usable(facts.Exact)) is { } required)
            {
                any.UnionWith(required);
            }
            else
            {
                any = null;
            }
        }

        exact = exact is { Count: <= MaxExact } ? exact : null;
        return new Facts(exact, exact is null && any is { Count: <= MaxAny } ? any : null);
    }

    private static Facts OfRepeat(PatternNode.Repeat repeat)
    {
        var inner = Visit(repeat.Inner);
        if (repeat is { Min: 1, Max: 1 })
        {
            return inner;
        }

        if (repeat is { Min: 0, Max: 1 } && inner.Exact is { Count: < MaxExact } texts)
        {
            return Facts.Of([.. texts, ""]);
        }

        return repeat.Min == 0 ? Facts.Nothing : new Facts(null, inner.Exact is null ? inner.Any : Usable(inner.Exact));
    }

    // ASCII alone: bytes have no other case.
    private static string Lower(int value) => ((char)(value is >= 'A' and <= 'Z' ? value | 0x20 : value)).ToString();

    // An empty text is everywhere: with it nothing is required.
    private static HashSet<string>? Usable(HashSet<string> texts) => texts.Contains("") ? null : texts;

    private static IReadOnlyCollection<string>? Better(IReadOnlyCollection<string>? left, IReadOnlyCollection<string>? right)
    {
        if (left is null || right is null)
        {
            return left ?? right;
        }

        return Worth(right) > Worth(left) ? right : left;
    }

    // Long texts are rare, and few of them rarer.
    private static double Worth(IReadOnlyCollection<string> texts) => Math.Min(4, texts.Min(text => text.Length)) - (0.1 * Math.Log2(texts.Count));

    private static int Longest(HashSet<string> texts) => texts.Max(text => text.Length);

    private static HashSet<string> Join(HashSet<string> left, HashSet<string> right) =>
        new(left.SelectMany(_ => right, (first, second) => first + second), StringComparer.Ordinal);

    /// <param name="Exact">All texts it can match; null where they are too many.</param>
    /// <param name="Any">Texts one of which must be there, where <paramref name="Exact"/> is null; null for none.</param>
    private readonly record struct Facts(HashSet<string>? Exact, IReadOnlyCollection<string>? Any)
    {
        public static readonly Facts Nothing = new(null, null);

        public static Facts Of(IEnumerable<string> exact) => new(new HashSet<string>(exact, StringComparer.Ordinal), null);
    }
}
