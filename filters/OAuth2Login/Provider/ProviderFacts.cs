using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.OAuth2Login.Provider;

/// <summary>What a provider says of itself, checked (OpenID Connect Discovery §3).</summary>
internal sealed class ProviderFacts
{
    /// <exception cref="InvalidDataException">It lacks something, or names an address that must not be used.</exception>
    public ProviderFacts(OidcMetadata metadata, bool forLogin)
    {
        Keys = Optional(metadata, "jwks_uri");
        Token = Optional(metadata, "token_endpoint");
        Authorization = Optional(metadata, "authorization_endpoint");
        Userinfo = Optional(metadata, "userinfo_endpoint");
        EndSession = Optional(metadata, "end_session_endpoint");
        Revocation = Optional(metadata, "revocation_endpoint");
        Introspection = Optional(metadata, "introspection_endpoint");
        SendsIssuer = metadata.IsTrue("authorization_response_iss_parameter_supported");
        if (!forLogin)
        {
            _ = metadata.Endpoint("introspection_endpoint");
            return;
        }

        _ = metadata.Endpoint("authorization_endpoint");
        _ = metadata.Endpoint("token_endpoint");
        _ = metadata.Keys;

        // OAuth 2.1 §4.1.1: without PKCE a code that leaks is a login.
        if (metadata.ListOf("code_challenge_methods_supported") is { } methods && !methods.Contains("S256", StringComparer.Ordinal))
        {
            throw new InvalidDataException("the provider knows no PKCE with S256 (code_challenge_methods_supported)");
        }
    }

    public Uri? Keys { get; }

    public Uri? Token { get; }

    public Uri? Authorization { get; }

    public Uri? Userinfo { get; }

    public Uri? EndSession { get; }

    public Uri? Revocation { get; }

    public Uri? Introspection { get; }

    /// <summary>Whether it names itself in what it sends browsers back with (RFC 9207).</summary>
    public bool SendsIssuer { get; }

    private static Uri? Optional(OidcMetadata metadata, string name) => metadata.Has(name) ? metadata.Endpoint(name) : null;
}
