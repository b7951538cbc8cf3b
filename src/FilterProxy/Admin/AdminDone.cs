namespace FilterProxy.Host.Admin;

/// <summary>A change was made.</summary>
/// <param name="Done">What there is now.</param>
/// <param name="Warning">What the operator may not have meant; null for nothing.</param>
internal sealed record AdminDone(string Done, string? Warning = null);
