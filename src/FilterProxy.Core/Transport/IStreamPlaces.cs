namespace FilterProxy.Core.Transport;

/// <summary>Where a stream has a place for as long as it is open.</summary>
internal interface IStreamPlaces
{
    /// <summary>Gives it back.</summary>
    void Leave();
}
