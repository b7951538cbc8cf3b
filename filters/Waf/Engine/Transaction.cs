using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>One exchange as rules see it: what is known of it, what they have noted, and what they decided.</summary>
internal sealed partial class Transaction : IVariableLookup
{
    private readonly RuleSet _set;
    private readonly Surroundings _around;
    private readonly OperatorRun _run;
    private readonly List<Value> _matchedVars = [];
    private readonly List<Value> _matchedNow = [];
    private readonly List<(string Variable, string Text)> _chainMatches = [];
    private RuleBits? _removed;
    private List<(RuleBits Rules, IReadOnlyList<Target> Targets)>? _removedTargets;
    private Disruption _allowed = Disruption.Pass;
    private Rule? _current;
    private string _matchedName = "";
    private string _matchedText = "";
    private int _phase;
    private int _place;
    private int _asked = -1;

    /// <param name="set">The rules.</param>
    /// <param name="around">Memory, and those that are asked.</param>
    /// <param name="mode">Whether rules may stop the exchange.</param>
    public Transaction(RuleSet set, Surroundings around, EngineMode mode)
    {
        _set = set;
        _around = around;
        _run = new OperatorRun(this) { BlockLists = around.BlockLists, Countries = around.Countries };
        Mode = mode;
        Started = around.Records.Time.GetTimestamp();
        StartedAt = around.Records.Time.GetUtcNow();
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

    /// <summary>Whether a rule that cannot be asked ends the inspection: the exchange will be refused.</summary>
    public bool StopsOnFailure { get; init; }

    /// <summary>Whether not all could be asked that should have been.</summary>
    public bool HasFailed
    {
        get => field || TimedOut is not null;
        set;
    }

    /// <summary>Runs the rules of a phase, 1 to 5, or goes on with them.</summary>
    /// <returns>What a rule waits for: to be awaited before this is called again. Null when the phase is done.</returns>
    public Task? Run(int phase)
    {
        if (_phase != phase)
        {
            (_phase, _place, _asked) = (phase, 0, -1);
        }

        WriteDeferred();
        var rules = _set.ByPhase[phase];
        while (_place < rules.Length && !IsOver(phase))
        {
            var rule = rules[_place];
            if (_removed is not null && _removed[rule.Index])
            {
                _place++;
                continue;
            }

            if (rule.AsksBlockLists && Ask(rule) is { } answers)
            {
                return answers;
            }

            if (IsChainMatched(rule))
            {
                OnMatched(rule);
                _place = rule.SkipTo >= 0 ? rule.SkipTo : _place + 1 + rule.Skip;
            }
            else
            {
                _place++;
            }

            if (_loading is { } loading)
            {
                _loading = null;
                return loading;
            }
        }

        _phase = 0;
        _allowed = _allowed == Disruption.AllowPhase ? Disruption.Pass : _allowed;
        return null;
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

    // Phase 5 is for the log: it decides nothing, and what was decided does not end it.
    private bool IsOver(int phase) => Mode == EngineMode.Off || _allowed == Disruption.AllowPhase || (phase < 5
        && (Interception is not null || (StopsOnFailure && HasFailed)
            || _allowed == Disruption.Allow || (_allowed == Disruption.AllowRequest && phase <= 2)));
}
