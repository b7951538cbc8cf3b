using System.Globalization;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary><c>ctl</c>: changes how the rest of one exchange is inspected.</summary>
internal sealed class RuleControl(Action<Transaction> run) : RuleAction
{
    /// <param name="text">As rules write it: <c>ruleEngine=Off</c>.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static RuleAction Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = (equals < 0 ? text : text[..equals]).Trim().ToLowerInvariant();
        var value = equals < 0 ? "" : text[(equals + 1)..].Trim();
        var separator = value.IndexOf(';', StringComparison.Ordinal);
        return name switch
        {
            "auditengine" => Of(AuditMode(value), static (transaction, mode) => transaction.Audit = mode),
            "auditlogparts" => new RuleControl(transaction => transaction.ChangeAuditParts(value)),
            "debugloglevel" or "hashenforcement" or "hashengine" => new RuleControl(static _ => { }),
            "forcerequestbodyvariable" => Of(OnOff(value), static (transaction, on) => transaction.ForcesRequestBody = on),
            "requestbodyaccess" => Of(OnOff(value), static (transaction, on) => transaction.RequestBodyAccess = on),
            "requestbodylimit" => Of(Count(value), static (transaction, limit) => transaction.RequestBodyLimit = limit),
            "requestbodyprocessor" => Of(value.ToUpperInvariant(), static (transaction, processor) => transaction.BodyProcessor = processor),
            "responsebodyaccess" => Of(OnOff(value), static (transaction, on) => transaction.ResponseBodyAccess = on),
            "responsebodylimit" => Of(Count(value), static (transaction, limit) => transaction.ResponseBodyLimit = limit),
            "ruleengine" => Of(Mode(value), static (transaction, mode) => transaction.Restrict(mode)),
            "ruleremovebyid" => new RuleRemoval(RuleSelector.ById(value), null),
            "ruleremovebytag" => new RuleRemoval(RuleSelector.ByTag(value), null),
            "ruleremovebymsg" => new RuleRemoval(RuleSelector.ByMessage(value), null),
            "ruleremovetargetbyid" when separator > 0 => new RuleRemoval(RuleSelector.ById(value[..separator]), TargetOf(value, separator)),
            "ruleremovetargetbytag" when separator > 0 => new RuleRemoval(RuleSelector.ByTag(value[..separator]), TargetOf(value, separator)),
            "ruleremovetargetbymsg" when separator > 0 => new RuleRemoval(RuleSelector.ByMessage(value[..separator]), TargetOf(value, separator)),
            _ => throw new FormatException($"'ctl:{text}' is not known"),
        };
    }

    public override void Run(Transaction transaction) => run(transaction);

    private static RuleControl Of<T>(T value, Action<Transaction, T> set) => new(transaction => set(transaction, value));

    private static List<Target> TargetOf(string value, int separator) => Target.ParseList(value[(separator + 1)..]);

    private static bool OnOff(string text) => text.ToUpperInvariant() switch
    {
        "ON" => true,
        "OFF" => false,
        _ => throw new FormatException($"'{text}' is neither On nor Off"),
    };

    private static EngineMode Mode(string text) =>
        Enum.TryParse<EngineMode>(text, ignoreCase: true, out var mode) ? mode : throw new FormatException($"'{text}' is no state of the engine");

    private static AuditMode AuditMode(string text) =>
        Enum.TryParse<AuditMode>(text, ignoreCase: true, out var mode) ? mode : throw new FormatException($"'{text}' is no state of the audit log");

    private static long Count(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : throw new FormatException($"'{text}' is no number of bytes");
}
