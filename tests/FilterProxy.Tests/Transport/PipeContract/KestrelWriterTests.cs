namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on Kestrel's sockets.</summary>
public sealed class KestrelWriterTests() : PipeWriterContract(new KestrelWriterSide());
