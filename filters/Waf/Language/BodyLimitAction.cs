namespace FilterProxy.Filters.Waf.Language;

/// <summary>What becomes of a body that is larger than is inspected.</summary>
internal enum BodyLimitAction
{
    /// <summary>It is refused.</summary>
    Reject,

    /// <summary>Its beginning is inspected.</summary>
    ProcessPartial,
}
