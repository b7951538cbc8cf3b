namespace FilterProxy;

/// <summary>What a client was found to speak by how it began: a feature of the connection behind the <c>protocol_sniffer</c> filter.</summary>
/// <param name="Name"><c>http1</c>, <c>h2c</c>, <c>tls</c>, <c>ssh</c>, or <c>unknown</c>.</param>
public sealed record DetectedProtocol(string Name);
