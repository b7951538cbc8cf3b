using FilterProxy.Core.Pipeline;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// The listeners that run. A configuration is taken over in two steps: what is new is bound first, which may fail and then changes
/// nothing; then every listener gets its plan, and those no longer wanted drain. One whose address stays keeps its socket,
/// whatever else about it changes, its name included.
/// </summary>
internal sealed class ListenerManager(
    SnapshotStore snapshots, ProxyServices services, ILoggerFactory loggers, bool inlineCompletions, IConnectionListenerFactory? transport)
{
    private readonly List<Task> _ending = [];
    private List<Listener> _listeners = [];

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<Listener> Listeners => _listeners;

    /// <summary>Binds what the plans need and nobody has bound yet; connections to it wait for <see cref="Commit"/>.</summary>
    /// <exception cref="EngineException">An address could not be bound: all such are named, and nothing new stays bound.</exception>
    public async Task<ListenerChange> PrepareAsync(IReadOnlyList<ListenerPlan> plans)
    {
        var free = _listeners.ToList();
        var kept = plans.ToDictionary(plan => plan, plan => Take(free, l => l.Name == plan.Name && IsSame(l.Entry.Plan, plan)));
        var change = new ListenerChange();
        var errors = new StartErrors();
        foreach (var plan in plans)
        {
            try
            {
                var listener = kept[plan] ?? Take(free, l => !IsAnyPort(plan) && IsSame(l.Entry.Plan, plan));
                change.Plans.Add((listener ?? await OpenAsync(plan, change), plan));
            }
            catch (Exception e) when (StartErrors.IsExpected(e))
            {
                errors.Add(plan, e);
            }
        }

        change.Gone.AddRange(free);
        if (!errors.IsEmpty)
        {
            await AbandonAsync(change);
            errors.ThrowIfAny();
        }

        return change;
    }

    /// <summary>Gives every listener its plan, after the snapshot they belong to is in force.</summary>
    /// <param name="change">From <see cref="PrepareAsync"/>.</param>
    /// <param name="grace">What exchanges of listeners that go may take to end.</param>
    public void Commit(ListenerChange change, TimeSpan grace)
    {
        foreach (var (listener, plan) in change.Plans)
        {
            if (plan.WantsHttp3 && !listener.Entry.Plan.WantsHttp3)
            {
                services.Log.NoHttp3(listener.Name, "it begins with the listener, which runs already; it has to be restarted");
            }

            if (listener.Entry.Plan.Source is { } before && plan.Source is { } source && !ReferenceEquals(before, source))
            {
                source.TakeOver(before);
            }

            listener.SetPlan(plan);
            listener.Entry.Open();
        }

        _listeners = [.. change.Plans.Select(p => p.Listener)];
        foreach (var listener in change.New)
        {
            foreach (var address in listener.Addresses)
            {
                services.Log.Listening(address, listener.Name);
            }

            if (listener.Entry.Plan is { WantsHttp3: true } plan && QuicEndpoint.Missing(plan, QuicEndpoint.IsSupported) is { } reason)
            {
                services.Log.NoHttp3(listener.Name, reason);
            }
        }

        _ending.RemoveAll(task => task.IsCompleted);
        _ending.AddRange(change.Gone.Select(listener => EndAsync(listener, grace)));
    }

    /// <summary>Closes what <see cref="PrepareAsync"/> bound: the configuration is not taken over.</summary>
    public static async Task AbandonAsync(ListenerChange change)
    {
        foreach (var listener in change.New)
        {
            await listener.StopAsync(new CancellationToken(true));
            await listener.DisposeAsync();
        }
    }

    /// <summary>Stops accepting everywhere, and completes when all connections have ended.</summary>
    public Task StopAsync(CancellationToken cut) => Task.WhenAll([.. _listeners.Select(l => l.StopAsync(cut)), .. _ending]);

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        _listeners = [];
    }

    private async Task<Listener> OpenAsync(ListenerPlan plan, ListenerChange change)
    {
        var entry = new ConnectionEntry(plan, snapshots, services);
        var listener = await Listener.StartAsync(entry, new QuicEndpoint(entry, snapshots, services), new KestrelLog(loggers, entry, services), inlineCompletions, transport);
        change.New.Add(listener);
        return listener;
    }

    private async Task EndAsync(Listener listener, TimeSpan grace)
    {
        services.Log.ListenerRemoved(listener.Name, grace);
        listener.Entry.BeginDrain();

        // Its idle connections end now; the others' turn out not to be draining and wait on.
        services.Connections.Drain();
        using var cut = new CancellationTokenSource(grace);
        await listener.StopAsync(cut.Token);
        await listener.DisposeAsync();
    }

    private static Listener? Take(List<Listener> from, Predicate<Listener> which)
    {
        var found = from.Find(which);
        if (found is not null)
        {
            from.Remove(found);
        }

        return found;
    }

    // Another source is another instance of its component: unless it can go on with them, its connections are made anew while the former ones drain.
    private static bool IsSame(ListenerPlan one, ListenerPlan other) =>
        (ReferenceEquals(one.Source, other.Source) || (one.Source is { } before && other.Source?.CanTakeOver(before) == true)) &&
        one.Address.AddressFamily == other.Address.AddressFamily && one.Address.ToString() == other.Address.ToString();

    private static bool IsAnyPort(ListenerPlan plan) => plan.Address is System.Net.IPEndPoint { Port: 0 };
}

/// <summary>What <see cref="ListenerManager"/> does to take a configuration over.</summary>
internal sealed class ListenerChange
{
    /// <summary>Every listener of the configuration with its plan.</summary>
    public List<(Listener Listener, ListenerPlan Plan)> Plans { get; } = [];

    /// <summary>Those just bound.</summary>
    public List<Listener> New { get; } = [];

    /// <summary>Those the configuration no longer has.</summary>
    public List<Listener> Gone { get; } = [];
}
