namespace FilterProxy.TestKit;

/// <summary>Thrown when what came over a connection is not valid HTTP/1.1; the message holds what was received.</summary>
public sealed class RawFormatException(string message) : Exception(message);
