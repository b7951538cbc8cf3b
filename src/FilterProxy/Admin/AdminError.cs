namespace FilterProxy.Host.Admin;

/// <summary>Why the admin API does not do what it was asked.</summary>
/// <param name="Error">A stable code.</param>
/// <param name="Message">For people.</param>
internal sealed record AdminError(string Error, string Message);
