namespace FilterProxy.Core.Transport;

/// <summary>What a reader counts.</summary>
internal abstract partial class DirectReader
{
    /// <summary>Bytes received so far.</summary>
    public long Received { get; private set; }

    /// <summary>Counts bytes that were taken from the socket past this reader.</summary>
    public void CountPassed(long bytes) => Received += bytes;

    private void Count(int received)
    {
        _end += received;
        Received += received;
    }
}
