namespace FilterProxy.Filters.Jail;

/// <summary>What a client that is banned gets.</summary>
public enum JailAction
{
    /// <summary>An answer with `status`.</summary>
    Refuse,

    /// <summary>No answer: its connection is closed.</summary>
    Close,

    /// <summary>A redirect to `challenge`, where it may show that it is no machine.</summary>
    Challenge,
}
