using FilterProxy.Filters.ReverseTunnel.Handshake;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>The services an agent has a server make reachable now, with a number that grows with every change of them.</summary>
internal sealed class ServiceOffer
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<TunnelService> _services = [];
    private string _text = "";
    private long _revision = 1;

    /// <summary>What is offered now, under which number, and a task that completes when it is something else.</summary>
    public (long Revision, IReadOnlyList<TunnelService> Services, Task Changed) Now
    {
        get
        {
            lock (_lock)
            {
                return (_revision, _services, _changed.Task);
            }
        }
    }

    /// <summary>Offers these from now on.</summary>
    public void Set(IReadOnlyList<TunnelService> services)
    {
        var text = string.Join('\n', services.Select(ServiceText.Write));
        lock (_lock)
        {
            if (text == _text)
            {
                return;
            }

            (_services, _text) = (services, text);
            _revision++;
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
