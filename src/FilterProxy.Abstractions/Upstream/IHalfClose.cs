namespace FilterProxy;

/// <summary>
/// A transport that has a way of its own to say that nothing more comes, while it goes on reading: what a connection's <c>Transport</c> may
/// implement besides IDuplexPipe.
/// </summary>
public interface IHalfClose
{
    /// <summary>Sends what was written, and the end. Called once, after the last write.</summary>
    ValueTask EndOutputAsync();
}
