namespace FilterProxy.Filters.JwtAuth;

/// <summary>What a rule says of a token that holds.</summary>
internal enum RuleOutcome : byte
{
    Permitted,

    WrongAudience,

    LacksScope,

    /// <summary>Another issuer's, or a claim is not as demanded.</summary>
    NotPermitted,
}
