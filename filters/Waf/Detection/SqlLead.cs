namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What the input begins with, and so how much the rest must prove.</summary>
internal enum SqlLead : byte
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>A word, a variable, a quoted text or an operator: so begin sentences, searches and formulas, too.</summary>
    Weak,

    /// <summary>A number, or the end of a string that the statement opened: what follows stands outside of the value.</summary>
    Strong,
}
