namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on direct connections that wait on the engine's own event loops.</summary>
public sealed class EpollReaderTests() : DirectReaderContract(onLoop: true);
