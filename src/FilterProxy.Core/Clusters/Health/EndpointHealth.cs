namespace FilterProxy.Core.Clusters.Health;

/// <summary>What the health checks of an endpoint have found.</summary>
internal enum CheckState
{
    /// <summary>Nothing yet: it may take traffic.</summary>
    Unknown,

    Healthy,

    Unhealthy,
}

/// <summary>
/// Everything known about an endpoint's health, and why. Outlives the endpoint: that of the same name and address in the next configuration
/// goes on with it.
/// </summary>
internal sealed class EndpointHealth
{
    private volatile string _detail = "";
    private volatile string _ejectReason = "";
    private long _ejectedUntil;
    private long _checkedAt;
    private volatile CheckState _state;

    /// <summary>What the last probes say.</summary>
    public CheckState Check => _state;

    /// <summary>What the last probe found wrong; empty when nothing.</summary>
    public string Detail => _detail;

    /// <summary>When the last probe ended, in heartbeat milliseconds; 0 for none.</summary>
    public long CheckedAt => Volatile.Read(ref _checkedAt);

    /// <summary>Whether outlier detection keeps it out.</summary>
    public bool IsEjected => EjectedUntil != 0;

    /// <summary>Until when, in heartbeat milliseconds; 0 when it is in.</summary>
    public long EjectedUntil => Volatile.Read(ref _ejectedUntil);

    /// <summary>Why it was ejected last; empty for never.</summary>
    public string EjectReason => _ejectReason;

    /// <summary>How often it was ejected, less once for every quiet interval since.</summary>
    public int Ejections { get; set; }

    /// <summary>How often it was ejected in all.</summary>
    public long EjectionCount { get; private set; }

    /// <summary>Whether it may take traffic.</summary>
    public bool IsHealthy => _state != CheckState.Unhealthy && !IsEjected;

    /// <summary>The probes that agreed with each other last: how many succeeded, or, below zero, failed.</summary>
    public int Streak { get; private set; }

    /// <summary>Counters of passive detection.</summary>
    public OutlierCounters Counters { get; } = new();

    /// <summary>Why it is what it is, for the operator.</summary>
    public string Describe() =>
        _state == CheckState.Unhealthy ? $"health check failed: {_detail}"
        : IsEjected ? $"ejected: {_ejectReason}"
        : _state == CheckState.Healthy ? "healthy" : "not checked";

    /// <summary>Takes the result of a probe in. One caller at a time.</summary>
    public void Probed(in HealthResult result, HealthRules rules, long now)
    {
        Volatile.Write(ref _checkedAt, now);
        _detail = result.IsHealthy ? "" : result.Detail ?? "failed";
        Streak = result.IsHealthy ? Math.Max(1, Streak + 1) : Math.Min(-1, Streak - 1);

        // The first one tells at once.
        if (result.IsHealthy && (_state == CheckState.Unknown || Streak >= rules.HealthyAfter))
        {
            _state = CheckState.Healthy;
        }
        else if (!result.IsHealthy && (_state == CheckState.Unknown || -Streak >= rules.UnhealthyAfter))
        {
            _state = CheckState.Unhealthy;
        }
    }

    /// <summary>Forgets what probes have found: nobody probes any more.</summary>
    public void ForgetChecks() => (_state, _detail, Streak) = (CheckState.Unknown, "", 0);

    public void Eject(string reason, long until)
    {
        _ejectReason = reason;
        Ejections++;
        EjectionCount++;
        Volatile.Write(ref _ejectedUntil, until);
    }

    public void Readmit() => Volatile.Write(ref _ejectedUntil, 0);
}
