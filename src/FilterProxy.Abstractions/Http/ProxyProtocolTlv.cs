namespace FilterProxy;

/// <summary>A type-length-value of a PROXY protocol header, version 2.</summary>
/// <param name="Type">Its type, as the protocol or the sender's maker numbers them, e.g. 0xEA for AWS.</param>
/// <param name="Value">Its bytes; they live as long as the header.</param>
public readonly record struct ProxyProtocolTlv(byte Type, ReadOnlyMemory<byte> Value);
