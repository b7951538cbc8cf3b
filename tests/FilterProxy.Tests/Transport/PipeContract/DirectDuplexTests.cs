namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>Both directions over the runtime's threads.</summary>
public sealed class DirectDuplexTests() : DirectDuplexContract(onLoop: false);

/// <summary>Both directions over the engine's own event loops.</summary>
public sealed class EpollDuplexTests() : DirectDuplexContract(onLoop: true);
