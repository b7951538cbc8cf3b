namespace FilterProxy.Core.Routing;

/// <summary>How one route fared with a request.</summary>
/// <param name="Route">Its name.</param>
/// <param name="Matches">Whether it would take the request.</param>
/// <param name="Wins">Whether it is the one that gets it.</param>
/// <param name="Obstacle">
/// What it failed on first: <c>host</c>, <c>path</c>, <c>listener</c>, <c>method</c>, <c>header x</c>, <c>query x</c>.
/// </param>
internal readonly record struct RouteNearMiss(string Route, bool Matches, bool Wins, string? Obstacle);
