namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract's tests on a pipe itself: where they fail, they are wrong.</summary>
public sealed class PipeWriterTests() : PipeWriterContract(new PipeWriterSide());
