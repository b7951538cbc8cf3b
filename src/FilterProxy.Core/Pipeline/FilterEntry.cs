namespace FilterProxy.Core.Pipeline;

/// <summary>A filter at its place in a chain.</summary>
/// <param name="Filter">The instance; the same one may stand in several chains.</param>
/// <param name="Name">How the configuration calls it, for errors and logs.</param>
/// <param name="Blocking">Whether the engine must leave the event loop before calling it.</param>
/// <param name="Guard">What is called in its place; null for itself.</param>
internal sealed record FilterEntry(IHttpFilter Filter, string Name, bool Blocking = false, GuardedFilter? Guard = null);
