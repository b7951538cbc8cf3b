using System.Globalization;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Patterns;
using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>The directives that are no rules.</summary>
internal static class SettingDirectives
{
    // About memory, files and logs of a server that is not this one: the filter's own options say what they would.
    private static readonly HashSet<string> Ignored = new(StringComparer.OrdinalIgnoreCase)
    {
        "SecAuditLog", "SecAuditLog2", "SecAuditLogDirMode", "SecAuditLogFileMode", "SecAuditLogFormat", "SecAuditLogStorageDir", "SecAuditLogType",
        "SecChrootDir", "SecConnEngine", "SecConnReadStateLimit", "SecConnWriteStateLimit", "SecCookieFormat", "SecDataDir", "SecDebugLog",
        "SecDebugLogLevel", "SecGeoLookupDb", "SecGuardianLog", "SecHttpBlKey", "SecInterceptOnError", "SecPcreMatchLimit", "SecPcreMatchLimitRecursion",
        "SecReadStateLimit", "SecRequestBodyInMemoryLimit", "SecRuleInheritance", "SecRulePerfTime", "SecSensorId", "SecServerSignature", "SecStatusEngine",
        "SecStreamInBodyInspection", "SecStreamOutBodyInspection", "SecTmpDir", "SecTmpSaveUploadedFiles", "SecUploadDir", "SecUploadFileMode",
        "SecUploadKeepFiles", "SecWriteStateLimit", "SecXmlExternalEntity", "SecCacheTransformations", "SecUnicodeCodePage",
    };

    /// <summary>False for a directive that is none of them.</summary>
    /// <exception cref="SecLangException">Its argument is none.</exception>
    public static bool TryApply(Directive directive, RuleSettings settings, Func<string, string> readFile)
    {
        switch (directive.Name.ToLowerInvariant())
        {
            case "secruleengine":
                // The filter's mode decides.
                Choose<EngineMode>(directive, ("On", EngineMode.On), ("Off", EngineMode.Off), ("DetectionOnly", EngineMode.DetectionOnly));
                break;
            case "secrequestbodyaccess":
                settings.RequestBodyAccess = OnOff(directive);
                break;
            case "secrequestbodylimit":
                settings.RequestBodyLimit = Count(directive);
                break;
            case "secrequestbodynofileslimit":
                settings.RequestBodyNoFilesLimit = Count(directive);
                break;
            case "secrequestbodylimitaction":
                settings.RequestBodyLimitAction = LimitAction(directive);
                break;
            case "secrequestbodyjsondepthlimit":
                settings.JsonDepthLimit = (int)Math.Clamp(Count(directive), 1, 10_000);
                break;
            case "secargumentslimit":
                settings.ArgumentsLimit = (int)Math.Clamp(Count(directive), 1, int.MaxValue);
                break;
            case "secuploadfilelimit":
                settings.UploadFileLimit = (int)Math.Clamp(Count(directive), 0, int.MaxValue);
                break;
            case "secresponsebodyaccess":
                settings.ResponseBodyAccess = OnOff(directive);
                break;
            case "secresponsebodylimit":
                settings.ResponseBodyLimit = Count(directive);
                break;
            case "secresponsebodylimitaction":
                settings.ResponseBodyLimitAction = LimitAction(directive);
                break;
            case "secresponsebodymimetype":
                settings.ResponseMimeTypes.UnionWith(directive.Arguments);
                break;
            case "secresponsebodymimetypesclear":
                settings.ResponseMimeTypes.Clear();
                break;
            case "secargumentseparator":
                settings.ArgumentSeparator = directive.Single() is [var separator] ? separator : throw directive.Error("a separator is one character");
                break;
            case "seccollectiontimeout":
                settings.CollectionTimeout = TimeSpan.FromSeconds(Count(directive));
                break;
            case "seccomponentsignature":
                settings.Signatures.Add(directive.Single());
                break;
            case "secwebappid":
                settings.WebAppId = directive.Single();
                break;
            case "secunicodemapfile":
                settings.Unicode = ReadUnicodeMap(directive, readFile);
                break;
            case "secauditengine":
                settings.Audit = Choose<AuditMode>(directive, ("On", AuditMode.On), ("Off", AuditMode.Off), ("RelevantOnly", AuditMode.RelevantOnly));
                break;
            case "secauditlogparts":
                settings.AuditParts = directive.Single().ToUpperInvariant();
                break;
            case "secauditlogrelevantstatus":
                settings.AuditRelevantStatus = Pattern(directive);
                break;
            default:
                return Ignored.Contains(directive.Name);
        }

        return true;
    }

    private static ByteMatcher Pattern(Directive directive)
    {
        try
        {
            return ByteMatcher.Create(directive.Single());
        }
        catch (ArgumentException e) when (e is not SecLangException)
        {
            throw directive.Error(e.Message, e);
        }
    }

    private static UnicodeMap ReadUnicodeMap(Directive directive, Func<string, string> readFile)
    {
        if (directive.Arguments is not [var file, var page] || !int.TryParse(page, NumberStyles.None, CultureInfo.InvariantCulture, out var codePage))
        {
            throw directive.Error("SecUnicodeMapFile takes a file and a code page");
        }

        try
        {
            return UnicodeMap.Parse(readFile(file), codePage);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            // The file does not come with the rules, and the code page that all use is built in.
            return e is FormatException || codePage != 20127 ? throw directive.Error(e.Message, e) : UnicodeMap.Ascii;
        }
    }

    private static bool OnOff(Directive directive) => Choose<bool>(directive, ("On", true), ("Off", false));

    private static BodyLimitAction LimitAction(Directive directive) =>
        Choose<BodyLimitAction>(directive, ("Reject", BodyLimitAction.Reject), ("ProcessPartial", BodyLimitAction.ProcessPartial));

    private static T Choose<T>(Directive directive, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        var text = directive.Single();
        var names = new List<string>();
        foreach (var (name, value) in choices)
        {
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }

            names.Add(name);
        }

        throw directive.Error($"'{text}' is none of {string.Join(", ", names)}");
    }

    private static long Count(Directive directive) =>
        long.TryParse(directive.Single(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw directive.Error($"'{directive.Single()}' is no number");
}
