namespace FilterProxy.Filters.OAuth2Login;

/// <summary>The token an upstream gets in <c>Authorization</c>.</summary>
public enum TokenRelay
{
    /// <summary>None; what the client sends there goes on.</summary>
    None,

    /// <summary>The access token, in place of what the client sent.</summary>
    AccessToken,

    /// <summary>The ID token, in place of what the client sent.</summary>
    IdToken,
}
