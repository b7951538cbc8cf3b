namespace FilterProxy.Filters.Jose;

/// <summary>
/// How a token is signed (RFC 7518 §3.1). What is not here is refused: <c>none</c>, and EdDSA, which the runtime has no implementation of.
/// </summary>
internal enum JwsAlgorithm
{
    None, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, HS256, HS384, HS512,
}
