namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Whose connections a rate is about.</summary>
public enum RateScope
{
    /// <summary>Each client's own.</summary>
    Client,

    /// <summary>All together.</summary>
    All,
}
