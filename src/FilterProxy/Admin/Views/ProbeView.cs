namespace FilterProxy.Host.Admin.Views;

/// <summary>What a probe is told.</summary>
/// <param name="Status"><c>ok</c>, or what is wrong.</param>
/// <param name="Reason">More about it; null when nothing is wrong.</param>
internal sealed record ProbeView(string Status, string? Reason = null);
