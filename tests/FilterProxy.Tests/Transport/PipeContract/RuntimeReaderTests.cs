namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on direct connections that the runtime waits for.</summary>
public sealed class RuntimeReaderTests() : DirectReaderContract(onOwnLoop: false);
