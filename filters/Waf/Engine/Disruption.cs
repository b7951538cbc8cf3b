namespace FilterProxy.Filters.Waf.Engine;

/// <summary>What a rule that matches does to the exchange.</summary>
internal enum Disruption
{
    /// <summary>Nothing.</summary>
    Pass,

    /// <summary>Answers with a status.</summary>
    Deny,

    /// <summary>Closes the connection.</summary>
    Drop,

    /// <summary>Sends the client elsewhere.</summary>
    Redirect,

    /// <summary>Ends the inspection of the exchange.</summary>
    Allow,

    /// <summary>Ends the phase.</summary>
    AllowPhase,

    /// <summary>Ends the inspection of the request.</summary>
    AllowRequest,
}
