using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.BandwidthLimit;

/// <summary>The bandwidth of one key, both ways.</summary>
internal sealed class Flow(KeyId id)
{
    private readonly Lock _gate = new();
    private ByteBucket _request;
    private ByteBucket _response;

    public KeyId Id => id;

    /// <summary>Exchanges that use it now; the table's.</summary>
    public int Users { get; set; }

    public long Take(bool isRequest, long bytes, long rate, long burst, long now)
    {
        lock (_gate)
        {
            return isRequest ? _request.Take(bytes, rate, burst, now) : _response.Take(bytes, rate, burst, now);
        }
    }

    /// <summary>Whether forgetting it changes nothing.</summary>
    public bool IsIdle(long requestRate, long responseRate, long now)
    {
        lock (_gate)
        {
            return Users == 0 && _request.IsEmpty(requestRate, now) && _response.IsEmpty(responseRate, now);
        }
    }
}
