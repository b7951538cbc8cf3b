namespace FilterProxy.Filters.Buffer;

/// <summary>What becomes of a body that is larger than may be buffered.</summary>
public enum OversizePolicy
{
    /// <summary>What was read goes on, and the rest streams.</summary>
    Pass,

    /// <summary>It is refused.</summary>
    Reject,
}
