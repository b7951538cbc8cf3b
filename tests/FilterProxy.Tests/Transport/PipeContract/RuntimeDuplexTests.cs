namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>Connections that the runtime waits for.</summary>
public sealed class RuntimeDuplexTests() : DirectDuplexContract(onOwnLoop: false);
