namespace FilterProxy.Filters.Jose;

/// <summary>Why a token is refused.</summary>
internal enum JwtError
{
    None,

    /// <summary>Longer than allowed; not looked at.</summary>
    TooLong,

    /// <summary>Not three parts of base64url with strict JSON in them; an encrypted token (RFC 7516) has five.</summary>
    Malformed,

    /// <summary>It is not signed (RFC 7515 §6), or by an algorithm that is unknown or not allowed.</summary>
    AlgorithmDenied,

    /// <summary>It demands the understanding of an extension (RFC 7515 §4.1.11).</summary>
    CriticalHeader,

    /// <summary>It is a token of another kind (RFC 8725 §3.11).</summary>
    WrongType,

    /// <summary>Nobody's keys are known who is named as its issuer.</summary>
    UnknownIssuer,

    /// <summary>No key of the issuer has its id, or is for its algorithm; a set fetched anew may have one.</summary>
    UnknownKey,

    /// <summary>Several keys could have signed it.</summary>
    AmbiguousKey,

    /// <summary>The signature is not the key's.</summary>
    BadSignature,

    /// <summary>It is not meant for us.</summary>
    WrongAudience,

    /// <summary>Its time has passed.</summary>
    Expired,

    /// <summary>Its time has not come.</summary>
    NotYetValid,

    /// <summary>It lacks a claim, or has one of another value.</summary>
    ClaimDenied,
}
