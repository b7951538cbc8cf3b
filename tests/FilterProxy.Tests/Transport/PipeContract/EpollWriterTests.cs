namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on direct connections that an event loop of the engine waits for, where the platform has those.</summary>
public sealed class EpollWriterTests() : DirectWriterContract(onOwnLoop: true);
