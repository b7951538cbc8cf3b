using FilterProxy.Filters.Waf.Patterns;
using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>What rule files say beside rules. What they leave open is as the reference manual has it.</summary>
internal sealed class RuleSettings
{
    public bool RequestBodyAccess { get; set; } = true;

    public long RequestBodyLimit { get; set; } = 13_107_200;

    public long RequestBodyNoFilesLimit { get; set; } = 1_048_576;

    public BodyLimitAction RequestBodyLimitAction { get; set; } = BodyLimitAction.Reject;

    public int JsonDepthLimit { get; set; } = 512;

    public int ArgumentsLimit { get; set; } = 1000;

    public int UploadFileLimit { get; set; } = 100;

    public bool ResponseBodyAccess { get; set; }

    public long ResponseBodyLimit { get; set; } = 524_288;

    public BodyLimitAction ResponseBodyLimitAction { get; set; } = BodyLimitAction.Reject;

    public HashSet<string> ResponseMimeTypes { get; } = new(["text/plain", "text/html"], StringComparer.OrdinalIgnoreCase);

    public char ArgumentSeparator { get; set; } = '&';

    public UnicodeMap Unicode { get; set; } = UnicodeMap.Ascii;

    public TimeSpan CollectionTimeout { get; set; } = TimeSpan.FromHours(1);

    public AuditMode Audit { get; set; } = AuditMode.RelevantOnly;

    public ByteMatcher? AuditRelevantStatus { get; set; }

    public string AuditParts { get; set; } = "ABCFHZ";

    public List<string> Signatures { get; } = [];

    public string WebAppId { get; set; } = "";
}
