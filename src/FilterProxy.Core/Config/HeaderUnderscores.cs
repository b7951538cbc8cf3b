namespace FilterProxy.Core.Config;

/// <summary>What becomes of request headers with an underscore in their name.</summary>
internal enum HeaderUnderscores
{
    /// <summary>They are passed on.</summary>
    Allow,

    /// <summary>The header is left out.</summary>
    Drop,

    /// <summary>The request gets 400.</summary>
    Reject,
}
