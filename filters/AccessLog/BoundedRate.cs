namespace FilterProxy.Filters.AccessLog;

/// <summary>Lets something happen at most once in a while. For one thread.</summary>
internal sealed class BoundedRate(TimeProvider time, TimeSpan interval)
{
    private long? _last;

    public bool TryTake()
    {
        if (_last is { } last && time.GetElapsedTime(last) < interval)
        {
            return false;
        }

        _last = time.GetTimestamp();
        return true;
    }
}
