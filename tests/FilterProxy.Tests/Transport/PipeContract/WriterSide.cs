using System.IO.Pipelines;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>A writer under test, and what the test does at the other end.</summary>
public abstract class WriterSide : IDisposable
{
    public abstract PipeWriter Writer { get; }

    /// <summary>Receives exactly so many bytes.</summary>
    public abstract Task<byte[]> ReceiveAsync(int count);

    /// <summary>Receives to the end: the bytes, and whether the end was an orderly one.</summary>
    public abstract Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync();

    /// <summary>Stops receiving for good.</summary>
    public abstract void Leave();

    public abstract void Dispose();
}
