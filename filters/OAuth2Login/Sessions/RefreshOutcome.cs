namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>What came of a refresh.</summary>
/// <param name="Session">The session with new tokens; null for none.</param>
/// <param name="IsRefused">The provider said no: the login is over. Else it could not be asked.</param>
internal sealed record RefreshOutcome(Session? Session, bool IsRefused);
