namespace FilterProxy.Filters.BodyRewrite;

/// <summary>What may be wrong with a body that is decoded.</summary>
internal enum BodyProblem
{
    None,

    /// <summary>It is not what its Content-Encoding says, or lacks its end.</summary>
    Malformed,

    /// <summary>It becomes more times longer than is allowed.</summary>
    TooLarge,
}
