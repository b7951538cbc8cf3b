namespace FilterProxy.Filters.Redirect;

/// <summary>How paths end.</summary>
public enum SlashPolicy
{
    /// <summary>As they come.</summary>
    Keep,

    /// <summary>With a slash, unless the last segment has a dot, as files do.</summary>
    Add,

    /// <summary>Without one, but for the root.</summary>
    Remove,
}
