namespace FilterProxy.Hosting.Model;

/// <summary>Options that are an instance of the component's own options type: handed over as they are.</summary>
internal sealed record ReadyOptions(object Value);
