namespace FilterProxy.Core.Routing;

/// <summary>A candidate and the pattern by which it stands where it stands.</summary>
internal readonly record struct RouteEntry<T>(RouteCandidate<T> Candidate, PathPattern? Pattern);
