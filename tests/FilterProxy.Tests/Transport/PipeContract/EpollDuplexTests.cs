namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>Connections that event loops of the engine wait for, where the platform has those.</summary>
public sealed class EpollDuplexTests() : DirectDuplexContract(onOwnLoop: true);
