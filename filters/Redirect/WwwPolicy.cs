namespace FilterProxy.Filters.Redirect;

/// <summary>How hosts are written.</summary>
public enum WwwPolicy
{
    /// <summary>As they come.</summary>
    Keep,

    /// <summary>With a leading <c>www.</c>, unless they are an address or a single label.</summary>
    Add,

    /// <summary>Without it.</summary>
    Remove,
}
