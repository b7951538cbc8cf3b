namespace FilterProxy.Filters.JwtAuth;

/// <summary>Whether requests of a rule need a token.</summary>
public enum TokenNeed
{
    /// <summary>Without a token that holds they are refused.</summary>
    Required,

    /// <summary>They may come without one; one that does not hold is refused.</summary>
    Optional,

    /// <summary>They pass, and a token is not looked at.</summary>
    None,
}
