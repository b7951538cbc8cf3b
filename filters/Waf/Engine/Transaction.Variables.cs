using System.Globalization;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>The variables of a transaction: those it was given, and those made of them when a rule first asks.</summary>
internal sealed partial class Transaction
{
    private static readonly List<Value> None = [];

    private readonly List<Value>?[] _values = new List<Value>?[Variables.Count];
    private readonly ValueMap _tx = new();
    private readonly ValueMap _env = new();

    /// <summary>What rules have noted.</summary>
    public ValueMap Tx => _tx;

    public ValueMap Env => _env;

    /// <inheritdoc/>
    public string First(Variable variable, string? key)
    {
        switch (variable)
        {
            case Variable.Tx:
                return key is null ? "" : _tx[key] ?? "";
            case Variable.Env:
                return key is null ? "" : _env[key] ?? "";
            case Variable.MatchedVar:
                return _matchedText;
            case Variable.MatchedVarName:
                return _matchedName;
        }

        foreach (var value in Get(variable, null))
        {
            if (key is null || value.Key.Equals(key, StringComparison.OrdinalIgnoreCase))
            {
                return value.Text;
            }
        }

        return "";
    }

    /// <summary>The values given for a variable; empty where there are none.</summary>
    public IReadOnlyList<Value> ValuesOf(Variable variable) => _values[(int)variable] ?? None;

    /// <summary>Gives a variable that stands alone its value.</summary>
    public void Set(Variable variable, string text) => _values[(int)variable] = [new Value("", text)];

    public void SetFlag(Variable variable, bool isSet = true) => Set(variable, isSet ? "1" : "0");

    /// <summary>Adds a value to a collection.</summary>
    public void Add(Variable variable, Value value) => (_values[(int)variable] ??= []).Add(value);

    private List<Value> Get(Target target) => Get(target.Variable, target.Selector);

    private List<Value> Get(Variable variable, string? selector)
    {
        switch (variable)
        {
            case Variable.Tx:
                return [.. _tx.All];
            case Variable.Env:
                return [.. _env.All];
            case Variable.MatchedVars:
                return _matchedVars;
            case Variable.MatchedVarsNames:
                return [.. _matchedVars.Select(value => new Value(value.Key, value.Key))];
            case Variable.MatchedVar:
                return [new Value("", _matchedText)];
            case Variable.MatchedVarName:
                return [new Value("", _matchedName)];
            case Variable.HighestSeverity:
                return One(HighestSeverity);
            case Variable.Duration:
                return One((long)_around.Records.Time.GetElapsedTime(Started).TotalMicroseconds);
            case Variable.ReqbodyProcessor:
                return [new Value("", BodyProcessor)];
            case Variable.Rule:
                return RuleFacts();
            case Variable.Xml:
                return Xml(selector);
        }

        if (Variables.IsPersistent(variable))
        {
            return RecordOf(variable)?.Snapshot() ?? None;
        }

        return _values[(int)variable] ??= Derive(variable) ?? [];
    }

    private List<Value> RuleFacts() => _current is null ? None :
    [
        new("id", _current.Id.ToString(CultureInfo.InvariantCulture)),
        new("msg", _current.Message?.Text ?? ""),
        new("rev", _current.Revision),
        new("ver", _current.Version),
        new("logdata", _current.LogData?.Text ?? ""),
        new("severity", _current.Severity.ToString(CultureInfo.InvariantCulture)),
    ];

    private List<Value>? Derive(Variable variable)
    {
        var now = StartedAt.LocalDateTime;
        return variable switch
        {
            Variable.ArgsNames => NamesOf(Variable.Args),
            Variable.ArgsGetNames => NamesOf(Variable.ArgsGet),
            Variable.ArgsPostNames => NamesOf(Variable.ArgsPost),
            Variable.RequestCookiesNames => NamesOf(Variable.RequestCookies),
            Variable.RequestHeadersNames => NamesOf(Variable.RequestHeaders),
            Variable.ResponseHeadersNames => NamesOf(Variable.ResponseHeaders),
            Variable.ArgsCombinedSize => One(ValuesOf(Variable.Args).Sum(value => (long)value.Key.Length + value.Text.Length)),
            Variable.RequestBasename => [new("", BaseName(First(Variable.RequestFilename, null)))],
            Variable.RequestBodyLength => One(RequestBodyLength),
            Variable.FilesCombinedSize or Variable.MultipartUnmatchedBoundary or Variable.MultipartStrictError or Variable.ReqbodyError
                or Variable.ReqbodyProcessorError or Variable.UrlencodedError or Variable.InboundDataError or Variable.OutboundDataError
                or Variable.MultipartBoundaryQuoted or Variable.MultipartBoundaryWhitespace or Variable.MultipartCrlfLfLines
                or Variable.MultipartDataAfter or Variable.MultipartDataBefore or Variable.MultipartFileLimitExceeded
                or Variable.MultipartHeaderFolding or Variable.MultipartInvalidHeaderFolding or Variable.MultipartInvalidPart
                or Variable.MultipartInvalidQuoting or Variable.MultipartLfLine or Variable.MultipartMissingSemicolon => One(0),
            Variable.ModsecBuild => One(30_000_000),
            Variable.UniqueId => [new("", UniqueId)],
            Variable.UseragentIp => [new("", First(Variable.RemoteAddr, null))],
            Variable.RemoteHost => [new("", First(Variable.RemoteAddr, null))],
            Variable.Webappid => [new("", Settings.WebAppId)],
            Variable.FullRequest => [new("", FullRequest())],
            Variable.FullRequestLength => One(FullRequest().Length),
            Variable.Time => [new("", now.ToString("HH:mm:ss", CultureInfo.InvariantCulture))],
            Variable.TimeDay => One(now.Day),
            Variable.TimeEpoch => One(StartedAt.ToUnixTimeSeconds()),
            Variable.TimeHour => One(now.Hour),
            Variable.TimeMin => One(now.Minute),
            Variable.TimeMon => One(now.Month - 1),
            Variable.TimeSec => One(now.Second),
            Variable.TimeWday => One((int)now.DayOfWeek),
            Variable.TimeYear => One(now.Year),
            _ => null,
        };
    }

    private List<Value> NamesOf(Variable variable)
    {
        var names = new List<Value>();
        foreach (var value in ValuesOf(variable))
        {
            names.Add(new Value(value.Key, value.Key));
        }

        return names;
    }

    private string FullRequest()
    {
        var head = string.Concat(ValuesOf(Variable.RequestHeaders).Select(header => $"{header.Key}: {header.Text}\r\n"));
        return $"{First(Variable.RequestLine, null)}\r\n{head}\r\n{First(Variable.RequestBody, null)}";
    }

    private static string BaseName(string path)
    {
        var slash = path.AsSpan().LastIndexOfAny('/', '\\');
        return path[(slash + 1)..];
    }

    private static List<Value> One(long number) => [new Value("", number.ToString(CultureInfo.InvariantCulture))];
}
