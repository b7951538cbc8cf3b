namespace FilterProxy.Tests.Routing;

/// <summary>A rule of a <see cref="NaiveRouter"/>.</summary>
internal sealed record NaiveRule(string Name, string[] Hosts, string[] Paths, string? Method, string? Listener, bool WantsHeader);
