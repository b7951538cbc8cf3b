namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on direct connections that wait on the runtime's threads.</summary>
public sealed class DirectReaderTests() : DirectReaderContract(onLoop: false);
