namespace FilterProxy.Core.Components;

/// <summary>What a state is found by.</summary>
/// <param name="Owner">The instance's place, or the component and the store its instances share.</param>
/// <param name="Type">What was asked for. Another version of a plugin has other types, hence states of its own.</param>
internal readonly record struct StateKey(string Owner, Type Type);
