namespace FilterProxy.Filters.Waf.Detection;

/// <summary>Where in a page the input is taken to stand.</summary>
internal enum HtmlContext : byte
{
    /// <summary>Between tags.</summary>
    Data,

    /// <summary>
    /// Between tags, but quotes and comments bind nothing, so that a tag is seen wherever the page, or a second parser, might see one
    /// (<c>&lt;p title="&lt;/noscript&gt;&lt;img ...</c>).
    /// </summary>
    Loose,

    /// <summary>In an attribute's value without quotes.</summary>
    Unquoted,
    SingleQuoted,
    DoubleQuoted,

    /// <summary>In a value in back quotes, which some browsers took for quotes.</summary>
    BackQuoted,
}
