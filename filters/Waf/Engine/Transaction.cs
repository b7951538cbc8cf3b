using System.Text.RegularExpressions;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>One exchange as rules see it: what is known of it, what they have noted, and what they decided.</summary>
internal sealed partial class Transaction : IVariableLookup
{
    // What one rule may log: a rule that matches every argument of a form says so once for each.
    private const int MaxMatchesLogged = 8;
    private const int MaxMatches = 1000;

    private readonly RuleSet _set;
    private readonly PersistentStore _store;
    private readonly OperatorRun _run;
    private readonly List<Value> _matchedVars = [];
    private readonly List<Value> _matchedNow = [];
    private readonly List<(Rule Rule, string Variable, string Text)> _chainMatches = [];
    private RuleBits? _removed;
    private List<(RuleBits Rules, IReadOnlyList<Target> Targets)>? _removedTargets;
    private Disruption _allowed = Disruption.Pass;
    private Rule? _current;
    private string _matchedName = "";
    private string _matchedText = "";

    /// <param name="set">The rules.</param>
    /// <param name="store">What rules remember between exchanges.</param>
    /// <param name="mode">Whether rules may stop the exchange.</param>
    public Transaction(RuleSet set, PersistentStore store, EngineMode mode)
    {
        _set = set;
        _store = store;
        _run = new OperatorRun(this);
        Mode = mode;
        Started = store.Time.GetTimestamp();
        StartedAt = store.Time.GetUtcNow();
        Audit = set.Settings.Audit;
        AuditParts = set.Settings.AuditParts;
        RequestBodyAccess = set.Settings.RequestBodyAccess;
        RequestBodyLimit = set.Settings.RequestBodyLimit;
        ResponseBodyAccess = set.Settings.ResponseBodyAccess;
        ResponseBodyLimit = set.Settings.ResponseBodyLimit;
    }

    public EngineMode Mode { get; private set; }

    public RuleSettings Settings => _set.Settings;

    public long Started { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>What is to be done with the exchange; null while nothing is. Rules in detection never set it.</summary>
    public Interception? Interception { get; private set; }

    /// <summary>What would have been done, had the rules been allowed to.</summary>
    public Interception? WouldIntercept { get; private set; }

    /// <summary>The rules that matched and want to be logged.</summary>
    public List<RuleMatch> Matches { get; } = [];

    /// <summary>The rule whose expression ran out of time; null for none.</summary>
    public Rule? TimedOut { get; private set; }

    public AuditMode Audit { get; set; }

    public string AuditParts { get; private set; }

    /// <summary>Whether a rule that matched wants the exchange in the audit log.</summary>
    public bool IsRelevant { get; private set; }

    public int HighestSeverity { get; private set; } = 255;

    public bool RequestBodyAccess { get; set; }

    public long RequestBodyLimit { get; set; }

    public bool ForcesRequestBody { get; set; }

    /// <summary>How the request's body is read: URLENCODED, MULTIPART, JSON, XML, or empty.</summary>
    public string BodyProcessor { get; set; } = "";

    public bool ResponseBodyAccess { get; set; }

    public long ResponseBodyLimit { get; set; }

    /// <summary>Values that must not be written into logs.</summary>
    public HashSet<(Variable, string)> Masks { get; } = [];

    public string UniqueId { get; } = Convert.ToHexStringLower(Guid.CreateVersion7().ToByteArray());

    /// <summary>Runs the rules of a phase, 1 to 5.</summary>
    public void Run(int phase)
    {
        if (Mode == EngineMode.Off || (Interception is not null && phase < 5) || IsAllowed(phase))
        {
            return;
        }

        _allowed = _allowed == Disruption.AllowPhase ? Disruption.Pass : _allowed;
        var rules = _set.ByPhase[phase];
        for (var place = 0; place < rules.Length;)
        {
            var rule = rules[place];
            if ((_removed is not null && _removed[rule.Index]) || !IsChainMatched(rule))
            {
                place++;
                continue;
            }

            OnMatched(rule);
            if (Mode == EngineMode.Off || (Interception is not null && phase < 5) || IsAllowed(phase) || _allowed == Disruption.AllowPhase)
            {
                return;
            }

            place = rule.SkipTo >= 0 ? rule.SkipTo : place + 1 + rule.Skip;
        }
    }

    /// <summary>Stops inspecting, or stops only deciding: what a rule may do to the engine's state.</summary>
    public void Restrict(EngineMode mode) => Mode = mode < Mode ? mode : Mode;

    public void Remove(RuleBits rules)
    {
        _removed ??= new RuleBits(_set.All.Length);
        _removed.Add(rules);
    }

    public void Remove(RuleBits rules, IReadOnlyList<Target> targets) => (_removedTargets ??= []).Add((rules, targets));

    public void ChangeAuditParts(string change)
    {
        AuditParts = change switch
        {
            ['+', .. var added] => AuditParts + added.ToUpperInvariant(),
            ['-', .. var removed] => string.Concat(AuditParts.Where(part => !removed.Contains(part, StringComparison.OrdinalIgnoreCase))),
            _ => change.ToUpperInvariant(),
        };
    }

    public void Mask(Variable variable, string name)
    {
        if (variable == Variable.MatchedVar)
        {
            var separator = _matchedName.IndexOf(':', StringComparison.Ordinal);
            variable = Variables.TryParse(separator < 0 ? _matchedName : _matchedName[..separator], out var matched) ? matched : variable;
            name = separator < 0 ? "" : _matchedName[(separator + 1)..];
        }

        Masks.Add((variable, name.ToLowerInvariant()));
    }

    private bool IsAllowed(int phase) => phase < 5 && (_allowed == Disruption.Allow || (_allowed == Disruption.AllowRequest && phase <= 2));

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
                isMatched |= Test(rule, target, new Value("", Count(rule, target).ToString(System.Globalization.CultureInfo.InvariantCulture)));
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
                TimedOut = rule;
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

        if (_chainMatches.Count < MaxMatchesLogged)
        {
            _chainMatches.Add((rule, _matchedName, form.Text));
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

    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

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
