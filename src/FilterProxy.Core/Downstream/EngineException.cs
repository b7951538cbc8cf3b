namespace FilterProxy.Core.Downstream;

/// <summary>The engine could not start, for a reason the operator can mend.</summary>
internal sealed class EngineException(string message, Exception inner) : Exception(message, inner);
