using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.BandwidthLimit;

/// <summary>
/// The flows in use, and those whose burst has not run out: coming back on another connection earns nobody a new one where the key is not the
/// connection. Asked once per exchange, not per piece of a body.
/// </summary>
internal sealed class FlowTable
{
    private const int SweepEvery = 256;
    private readonly Lock _gate = new();
    private readonly Dictionary<KeyId, Flow> _flows = new(KeyIdComparer.Instance);
    private int _returns;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _flows.Count;
            }
        }
    }

    public Flow Use(in KeyId id)
    {
        lock (_gate)
        {
            if (!_flows.TryGetValue(id, out var flow))
            {
                _flows[id] = flow = new Flow(id);
            }

            flow.Users++;
            return flow;
        }
    }

    public void Return(Flow flow, long requestRate, long responseRate, long now)
    {
        lock (_gate)
        {
            flow.Users--;
            if (flow.IsIdle(requestRate, responseRate, now))
            {
                _flows.Remove(flow.Id);
            }

            if (++_returns % SweepEvery != 0)
            {
                return;
            }

            foreach (var (id, other) in _flows)
            {
                if (other.IsIdle(requestRate, responseRate, now))
                {
                    _flows.Remove(id);
                }
            }
        }
    }
}
