namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What the scanner of HTML found.</summary>
internal enum HtmlKind : byte
{
    End,

    /// <summary>A start tag's name.</summary>
    Tag,

    /// <summary>An end tag's name; attributes after it have no effect.</summary>
    EndTag,
    AttributeName,

    /// <summary>The value of the attribute named before it, without quotes.</summary>
    AttributeValue,

    /// <summary>The bracket that ends a tag.</summary>
    TagEnd,

    /// <summary>What stands between <c>&lt;!--</c> and its end.</summary>
    Comment,

    /// <summary>What follows <c>&lt;!</c>, up to its bracket.</summary>
    Declaration,

    /// <summary>What follows <c>&lt;?</c>, up to its bracket.</summary>
    Instruction,
}
