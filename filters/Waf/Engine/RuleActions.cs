using System.Globalization;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>The actions of a rule sorted by what they do, its defaults first.</summary>
internal sealed class RuleActions
{
    private const int DefaultStatus = 403;

    private static readonly string[] Severities = ["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"];

    private readonly UnicodeMap _unicode;
    private (Disruption Kind, int Status, Macro? Location) _default = (Disruption.Pass, DefaultStatus, null);

    /// <exception cref="FormatException">An action is none.</exception>
    public RuleActions(RuleDefinition definition, UnicodeMap unicode)
    {
        _unicode = unicode;
        foreach (var action in definition.Defaults)
        {
            Apply(action);
        }

        _default = (Disruption, Status, Location);
        foreach (var action in definition.Actions)
        {
            Apply(action);
        }
    }

    public List<Transformation> Transformations { get; } = [];

    public List<RuleAction> Actions { get; } = [];

    public List<Macro> Tags { get; } = [];

    public Disruption Disruption { get; private set; } = Disruption.Pass;

    public int Status { get; private set; } = DefaultStatus;

    public Macro? Location { get; private set; }

    public bool Logs { get; private set; } = true;

    public bool AuditLogs { get; private set; } = true;

    public bool Captures { get; private set; }

    public bool MultiMatch { get; private set; }

    public Macro? Message { get; private set; }

    public Macro? LogData { get; private set; }

    public int Severity { get; private set; } = -1;

    public string Version { get; private set; } = "";

    public string Revision { get; private set; } = "";

    public int Skip { get; private set; }

    private void Apply(ActionText action)
    {
        switch (action.Name)
        {
            case "accuracy" or "chain" or "id" or "maturity" or "phase" or "skipafter":
                break;
            case "allow":
                Disruption = action.Value?.ToLowerInvariant() switch
                {
                    null => Disruption.Allow,
                    "phase" => Disruption.AllowPhase,
                    "request" => Disruption.AllowRequest,
                    var other => throw new FormatException($"'allow:{other}' is not known"),
                };
                break;
            case "auditlog":
                AuditLogs = true;
                break;
            case "block":
                (Disruption, Location) = (_default.Kind, _default.Location);
                break;
            case "capture":
                Captures = true;
                break;
            case "deny":
                Disruption = Disruption.Deny;
                break;
            case "drop":
                Disruption = Disruption.Drop;
                break;
            case "log":
                (Logs, AuditLogs) = (true, true);
                break;
            case "logdata":
                LogData = Macro.Parse(Needed(action));
                break;
            case "msg":
                Message = Macro.Parse(Needed(action));
                break;
            case "multimatch":
                MultiMatch = true;
                break;
            case "noauditlog":
                AuditLogs = false;
                break;
            case "nolog":
                (Logs, AuditLogs) = (false, false);
                break;
            case "pass":
                Disruption = Disruption.Pass;
                break;
            case "redirect":
                (Disruption, Location) = (Disruption.Redirect, Macro.Parse(Needed(action)));
                break;
            case "rev":
                Revision = Needed(action);
                break;
            case "severity":
                Severity = SeverityOf(Needed(action));
                break;
            case "skip":
                Skip = (int)CountOf(action, 0, 100_000);
                break;
            case "status":
                Status = (int)CountOf(action, 200, 599);
                break;
            case "t":
                AddTransformation(Needed(action));
                break;
            case "tag":
                Tags.Add(Macro.Parse(Needed(action)));
                break;
            case "ver":
                Version = Needed(action);
                break;
            default:
                Actions.Add(Create(action));
                break;
        }
    }

    private static RuleAction Create(ActionText action) => action.Name switch
    {
        "ctl" => RuleControl.Parse(Needed(action)),
        "deprecatevar" => DeprecateVariable.Parse(Needed(action)),
        "expirevar" => ExpireVariable.Parse(Needed(action)),
        "initcol" => InitCollection.Parse(Needed(action)),
        "sanitisearg" or "sanitizearg" => new MaskValue(Variable.Args, Needed(action)),
        "sanitisematched" or "sanitizematched" or "sanitisematchedbytes" or "sanitizematchedbytes" => new MaskValue(Variable.MatchedVar, ""),
        "sanitiserequestheader" or "sanitizerequestheader" => new MaskValue(Variable.RequestHeaders, Needed(action)),
        "sanitiseresponseheader" or "sanitizeresponseheader" => new MaskValue(Variable.ResponseHeaders, Needed(action)),
        "setenv" => SetEnvironment.Parse(Needed(action)),
        "setrsc" => new InitCollection(Variable.Resource, Macro.Parse(Needed(action))),
        "setsid" => new InitCollection(Variable.Session, Macro.Parse(Needed(action))),
        "setuid" => new InitCollection(Variable.User, Macro.Parse(Needed(action))),
        "setvar" => SetVariable.Parse(Needed(action)),
        _ => throw new FormatException($"unknown action '{action.Name}'"),
    };

    private static string Needed(ActionText action) => action.Value ?? throw new FormatException($"action '{action.Name}' has no value");

    private static long CountOf(ActionText action, long min, long max) =>
        long.TryParse(action.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw new FormatException($"action '{action.Name}' takes a number between {min} and {max}");

    private static int SeverityOf(string text)
    {
        var known = Array.FindIndex(Severities, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return known >= 0 || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out known) && known < Severities.Length)
            ? known
            : throw new FormatException($"'{text}' is no severity");
    }

    private void AddTransformation(string name)
    {
        if (name.Equals("none", StringComparison.OrdinalIgnoreCase))
        {
            Transformations.Clear();
        }
        else
        {
            Transformations.Add(TransformationTable.Find(name, _unicode) ?? throw new FormatException($"unknown transformation '{name}'"));
        }
    }
}
