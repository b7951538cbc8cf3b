using System.Globalization;
using System.Text.RegularExpressions;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>How rules are asked: chains, their targets, and the values of those.</summary>
internal sealed partial class Transaction
{
    // What one rule may log: a rule that matches every argument of a form says so once for each.
    private const int MaxMatchesLogged = 8;
    private const int MaxMatches = 1000;

    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    // What the chain's block lists are to be asked; null where all is known, or was asked just now.
    private Task? Ask(Rule starter)
    {
        if (_around.BlockLists is not { } lists || _asked == _place)
        {
            return null;
        }

        _asked = _place;
        var asked = new List<Task>();
        for (var rule = starter; rule is not null; rule = rule.Next)
        {
            if (rule.Operator is not BlockListMatch operation)
            {
                continue;
            }

            foreach (var (target, value) in rule.Targets.SelectMany(target => Get(target).Select(value => (target, value))))
            {
                if (target.Selects(value.Key) && !IsExcluded(rule, target, value)
                    && operation.NameOf(value.Get(rule.Form, _set.Forms).Text) is { } name && lists.Find(name) is null)
                {
                    asked.Add(lists.AskAsync(name));
                }
            }
        }

        return asked.Count == 0 ? null : Task.WhenAll(asked);
    }

    private bool IsChainMatched(Rule starter)
    {
        _chainMatches.Clear();
        _matchedVars.Clear();
        for (var rule = starter; rule is not null; rule = rule.Next)
        {
            _current = rule;
            if (!IsMatched(rule))
            {
                return false;
            }

            if (rule.Targets.Length > 0)
            {
                _matchedVars.Clear();
                _matchedVars.AddRange(_matchedNow);
            }
        }

        return true;
    }

    private bool IsMatched(Rule rule)
    {
        if (rule.Targets.Length == 0)
        {
            RunActions(rule);
            return true;
        }

        _matchedNow.Clear();
        var isMatched = false;
        foreach (var target in rule.Targets)
        {
            if (target.IsCount)
            {
                isMatched |= Test(rule, target, new Value("", Count(rule, target).ToString(CultureInfo.InvariantCulture)));
                continue;
            }

            if (target is { Variable: Variable.Tx, Selector: not null, IsPattern: false })
            {
                isMatched |= _tx.Find(target.Selector) is { } noted && !IsExcluded(rule, target, noted) && Test(rule, target, noted);
                continue;
            }

            // A rule may write to what it looks at: what was there when it began counts.
            var values = Get(target);
            var count = values.Count;
            for (var i = 0; i < count; i++)
            {
                var value = values[i];
                isMatched |= target.Selects(value.Key) && !IsExcluded(rule, target, value) && Test(rule, target, value);
            }
        }

        return isMatched;
    }

    private int Count(Rule rule, Target target)
    {
        if (target is { Variable: Variable.Tx, Selector: not null, IsPattern: false })
        {
            return _tx.Find(target.Selector) is null ? 0 : 1;
        }

        var count = 0;
        foreach (var value in Get(target))
        {
            count += target.Selects(value.Key) && !IsExcluded(rule, target, value) ? 1 : 0;
        }

        return count;
    }

    private bool IsExcluded(Rule rule, Target target, Value value)
    {
        foreach (var exclusion in rule.Exclusions)
        {
            if (exclusion.Excludes(target.Variable, value.Key))
            {
                return true;
            }
        }

        if (_removedTargets is not null)
        {
            foreach (var (rules, targets) in _removedTargets)
            {
                if (rules[rule.Index] && targets.Any(removed => removed.Excludes(target.Variable, value.Key)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool Test(Rule rule, Target target, Value value)
    {
        if (rule.MultiForms is null)
        {
            return Test(rule, target, value, value.Get(rule.Form, _set.Forms));
        }

        Form? before = null;
        foreach (var number in rule.MultiForms)
        {
            var form = value.Get(number, _set.Forms);
            if (!ReferenceEquals(form, before) && Test(rule, target, value, form))
            {
                return true;
            }

            before = form;
        }

        return false;
    }

    private bool Test(Rule rule, Target target, Value value, Form form)
    {
        var isMatch = false;
        if (rule.LiteralOwner < 0 || form.Has(_set.Literals, _set.LiteralOwners, rule.LiteralOwner))
        {
            _run.WantsCaptures = rule.Captures && !rule.IsNegated;
            try
            {
                isMatch = rule.Operator.Matches(form.Text, _run);
            }
            catch (RegexMatchTimeoutException)
            {
                TimedOut ??= rule;
                _tx["MSC_PCRE_LIMITS_EXCEEDED"] = "1";
                return false;
            }
        }

        if (isMatch == rule.IsNegated)
        {
            return false;
        }

        _matchedName = NameOf(target, value);
        _matchedText = form.Text;
        if (_matchedNow.Count < MaxMatches)
        {
            _matchedNow.Add(new Value(_matchedName, form.Text));
        }

        if (_run.WantsCaptures && _run.Captures.Count > 0)
        {
            NoteCaptures();
        }

        if (_run.Country is { } country)
        {
            _run.Country = null;
            _values[(int)Variable.Geo] = [new("COUNTRY_CODE", country.Code), new("COUNTRY_NAME", country.Name), new("COUNTRY_CONTINENT", country.Continent)];
        }

        // The last rule of a chain is the one that speaks: those before it must not fill its place.
        if (rule.Next is null && _chainMatches.Count < MaxMatchesLogged)
        {
            _chainMatches.Add((_matchedName, form.Text));
        }

        RunActions(rule);
        return true;
    }

    private void NoteCaptures()
    {
        for (var i = 0; i < 10; i++)
        {
            _tx[Digits[i]] = i < _run.Captures.Count ? _run.Captures[i] : null;
        }

        _run.Clear();
    }

    private static string NameOf(Target target, Value value) =>
        (target.IsCount ? "&" : "") + Variables.NameOf(target.Variable)
        + (target.IsCount ? target.Selector is null ? "" : ":" + target.Selector : value.Key.Length == 0 ? "" : ":" + value.Key);

    private void RunActions(Rule rule)
    {
        foreach (var action in rule.Actions)
        {
            action.Run(this);
        }
    }
}
