namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>A cookie's value and what was in it.</summary>
/// <param name="Value">The value, whole.</param>
/// <param name="Rules">The keys and rules it was opened under: under others it must be opened again.</param>
/// <param name="Session">What was in it.</param>
internal sealed record OpenedCookie(byte[] Value, UInt128 Rules, Session Session);
