namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What an attribute's value is.</summary>
internal enum HtmlAttribute : byte
{
    Plain,

    /// <summary>Script that runs on an event.</summary>
    Event,

    /// <summary>An address that is loaded or followed.</summary>
    Url,
    Style,

    /// <summary>Markup, a binding, or the name of an attribute to change.</summary>
    Loaded,

    /// <summary>A way into XML, where other elements have other powers.</summary>
    Namespace,

    /// <summary>What a link is for.</summary>
    Relation,
}
