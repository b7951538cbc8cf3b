using System.Globalization;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>The directives that change or take away rules that were defined before them.</summary>
internal static class RuleChanges
{
    // What a rule has one of: given again it replaces the old one; others are added.
    private static readonly HashSet<string> Single = new(StringComparer.Ordinal)
    {
        "accuracy", "logdata", "maturity", "msg", "rev", "severity", "status", "ver", "skip", "skipafter", "xmlns",
    };

    private static readonly HashSet<string> Disruptive = new(StringComparer.Ordinal)
    {
        "allow", "block", "deny", "drop", "pass", "redirect",
    };

    /// <summary>False for a directive that is none of them.</summary>
    /// <exception cref="FormatException">Its arguments are none.</exception>
    public static bool TryApply(Directive directive, RuleBook book)
    {
        switch (directive.Name.ToLowerInvariant())
        {
            case "secruleremovebyid":
                var ids = IdRanges.Parse(directive.Arguments);
                book.Remove(rule => ids.Has(rule.Id));
                return true;
            case "secruleremovebytag":
                var tag = directive.Single();
                book.Remove(rule => rule.HasTag(tag));
                return true;
            case "secruleremovebymsg":
                var message = directive.Single();
                book.Remove(rule => rule.HasMessage(message));
                return true;
            case "secruleupdatetargetbyid":
                var some = IdRanges.Parse([Argument(directive, 0)]);
                UpdateTargets(directive, book.Rules.Where(rule => some.Has(rule.Id)));
                return true;
            case "secruleupdatetargetbytag":
                UpdateTargets(directive, book.Rules.Where(rule => rule.HasTag(Argument(directive, 0))));
                return true;
            case "secruleupdatetargetbymsg":
                UpdateTargets(directive, book.Rules.Where(rule => rule.HasMessage(Argument(directive, 0))));
                return true;
            case "secruleupdateactionbyid":
                UpdateActions(directive, book);
                return true;
            default:
                return false;
        }
    }

    private static string Argument(Directive directive, int index) =>
        index < directive.Arguments.Count ? directive.Arguments[index] : throw directive.Error($"{directive.Name} takes two arguments");

    private static void UpdateTargets(Directive directive, IEnumerable<RuleDefinition> rules)
    {
        var added = Target.ParseList(Argument(directive, 1));
        var replaced = directive.Arguments.Count > 2 ? Target.ParseList(directive.Arguments[2]) : [];
        foreach (var targets in rules.Select(rule => rule.Targets).OfType<List<Target>>().ToArray())
        {
            foreach (var old in replaced)
            {
                targets.RemoveAll(target => target.ToString() == old.ToString());
            }

            targets.AddRange(added);
        }
    }

    private static void UpdateActions(Directive directive, RuleBook book)
    {
        // "12345:1" is the second rule of the chain 12345 begins.
        var parts = Argument(directive, 0).Split(':');
        var offset = 0;
        if (!long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || (parts.Length > 1 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out offset)))
        {
            throw directive.Error($"'{Argument(directive, 0)}' is no id");
        }

        if (book.Rules.FirstOrDefault(rule => rule.Id == id) is not { } starter || offset > starter.Chain.Count)
        {
            throw directive.Error($"there is no rule {Argument(directive, 0)}");
        }

        var changed = offset == 0 ? starter : starter.Chain[offset - 1];
        var actions = ActionText.ParseList(Argument(directive, 1));
        if (actions.Any(action => action.Name is "id" or "phase" or "chain"))
        {
            throw directive.Error("id, phase and chain of a rule cannot be changed");
        }

        changed.Actions = Merge(changed.Actions, actions);
    }

    private static List<ActionText> Merge(List<ActionText> old, List<ActionText> added)
    {
        var names = added.Select(action => action.Name).ToHashSet(StringComparer.Ordinal);
        var replacesTransformations = names.Contains("t");
        var replacesDisruption = names.Overlaps(Disruptive);
        return
        [
            .. old.Where(action => !(Single.Contains(action.Name) && names.Contains(action.Name))
                && !(replacesTransformations && action.Name == "t")
                && !(replacesDisruption && Disruptive.Contains(action.Name))),
            .. added,
        ];
    }
}
