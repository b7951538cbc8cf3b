using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;
using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>Makes what rule files say ready to run.</summary>
internal sealed class RuleCompiler(RuleBook book, IRuleFiles files)
{
    private readonly FormTable _forms = new();
    private readonly List<Rule> _all = [];
    private readonly List<RuleRemoval> _removals = [];
    private readonly List<Rule>[] _byPhase = [.. Enumerable.Range(0, RuleSet.Phases + 1).Select(_ => new List<Rule>())];
    private readonly List<(string Name, int Place)>[] _markers = [.. Enumerable.Range(0, RuleSet.Phases + 1).Select(_ => new List<(string, int)>())];
    private readonly List<(Rule Rule, int Place, string Marker, Directive From)> _jumps = [];

    /// <exception cref="SecLangException">A rule cannot be used.</exception>
    public static RuleSet Compile(RuleBook book, IRuleFiles files) => new RuleCompiler(book, files).Compile();

    private RuleSet Compile()
    {
        foreach (var (rule, marker) in book.Items)
        {
            if (rule is not null)
            {
                AddChain(rule);
            }
            else
            {
                for (var phase = 1; phase <= RuleSet.Phases; phase++)
                {
                    _markers[phase].Add((marker!, _byPhase[phase].Count));
                }
            }
        }

        foreach (var (rule, place, marker, _) in _jumps)
        {
            // A marker that is not behind the rule ends the phase.
            var target = _markers[rule.Phase].Where(item => item.Place > place && item.Name == marker).Select(item => item.Place).DefaultIfEmpty(_byPhase[rule.Phase].Count).First();
            rule.SkipTo = target;
        }

        foreach (var removal in _removals)
        {
            removal.Bind(_all);
        }

        var literals = new List<(string, int)>();
        var owners = 0;
        foreach (var rule in _all)
        {
            if (rule.Operator.RequiredLiterals is { Count: > 0 } required)
            {
                rule.LiteralOwner = owners++;
                literals.AddRange(required.Select(text => (text, rule.LiteralOwner)));
            }
        }

        return new RuleSet
        {
            Settings = book.Settings,
            ByPhase = [.. _byPhase.Select(rules => rules.ToArray())],
            All = [.. _all],
            Forms = _forms,
            Literals = LiteralSearch.Create(literals),
            LiteralOwners = Math.Max(1, owners),
        };
    }

    private void AddChain(RuleDefinition definition)
    {
        var starter = Create(definition);
        var place = _byPhase[starter.Phase].Count;
        _byPhase[starter.Phase].Add(starter);
        _markers[starter.Phase].Add((starter.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), place + 1));
        if (definition.Actions.LastOrDefault(action => action.Name == "skipafter").Value is { } marker)
        {
            _jumps.Add((starter, place, marker, definition.Place));
        }

        var last = starter;
        foreach (var next in definition.Chain)
        {
            last = last.Next = Create(next);
        }

        for (var rule = starter; rule is not null; rule = rule.Next)
        {
            starter.AsksBlockLists |= rule.Operator is BlockListMatch;
        }
    }

    private Rule Create(RuleDefinition definition)
    {
        try
        {
            var rule = Build(definition);
            rule.Index = _all.Count;
            _all.Add(rule);
            _removals.AddRange(rule.Actions.OfType<RuleRemoval>());
            return rule;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException || (e is ArgumentException && e is not SecLangException))
        {
            throw definition.Place.Error($"rule {definition.Id}: {e.Message}", e);
        }
    }

    private Rule Build(RuleDefinition definition)
    {
        var actions = new RuleActions(definition, book.Settings.Unicode);
        var targets = definition.Targets ?? [];
        var text = definition.Operator.Trim();
        var isNegated = text.StartsWith('!');
        text = isNegated ? text[1..].TrimStart() : text;
        var blank = text.AsSpan().IndexOfAny(' ', '\t');
        var isNamed = text.StartsWith('@');
        var name = !isNamed ? "rx" : blank < 0 ? text[1..] : text[1..blank];
        var argument = !isNamed ? text : blank < 0 ? "" : text[blank..].Trim(' ', '\t');
        var folder = Path.GetDirectoryName(definition.Place.File) ?? "";
        var form = _forms.NumberOf(actions.Transformations);
        return new Rule
        {
            File = definition.Place.File,
            Line = definition.Place.Line,
            Id = definition.Id,
            Phase = definition.Phase,
            Targets = [.. targets.Where(target => !target.IsExclusion)],
            Exclusions = [.. targets.Where(target => target.IsExclusion)],
            Operator = OperatorTable.Create(name, argument, new OperatorContext(path => files.Read(Path.Combine(folder, path)))),
            IsNegated = isNegated,
            OperatorText = definition.Operator,
            Form = form,
            MultiForms = actions.MultiMatch ? _forms.PathTo(form) : null,
            Captures = actions.Captures,
            Actions = [.. actions.Actions],
            Disruption = actions.Disruption,
            Status = actions.Status,
            Location = actions.Location,
            Logs = actions.Logs,
            AuditLogs = actions.AuditLogs,
            Message = actions.Message,
            LogData = actions.LogData,
            Tags = actions.Tags,
            Severity = actions.Severity,
            Version = actions.Version,
            Revision = actions.Revision,
            Skip = actions.Skip,
        };
    }
}
