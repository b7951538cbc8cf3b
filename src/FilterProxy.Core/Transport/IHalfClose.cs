namespace FilterProxy.Core.Transport;

/// <summary>A transport that has a way of its own to say that nothing more comes, while it goes on reading.</summary>
internal interface IHalfClose
{
    /// <summary>Sends what was written, and the end.</summary>
    ValueTask EndOutputAsync();
}
