namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What a tag can do.</summary>
internal enum HtmlTag : byte
{
    Plain,

    /// <summary>It runs, loads or restyles by being there.</summary>
    Active,

    /// <summary>It does so with any attribute.</summary>
    ActiveWithAttribute,

    /// <summary>It does so where it says what it is for; pages of components call their anchors so, too.</summary>
    Link,
}
