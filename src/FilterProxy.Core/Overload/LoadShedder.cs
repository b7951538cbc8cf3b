namespace FilterProxy.Core.Overload;

/// <summary>What everybody asks who might let something in: the stage in force, and the places for exchanges. Asking costs one read.</summary>
internal sealed class LoadShedder(TimeProvider time)
{
    private readonly Lock _settling = new();
    private volatile bool _isCalm = true;
    private volatile OverloadStage _stage;
    private volatile OverloadRules _rules = OverloadRules.Off;

    /// <summary>Nothing is amiss and places are not counted: a request need not ask any further.</summary>
    public bool IsCalm => _isCalm;

    public OverloadStage Stage => _stage;

    public OverloadRules Rules => _rules;

    public ExchangeGate Gate { get; } = new(time);

    /// <summary>Takes changed rules over.</summary>
    public void Apply(OverloadRules rules)
    {
        _rules = rules;
        Gate.Apply(rules);
        Settle();
    }

    /// <summary>Goes over to another stage.</summary>
    public void Enter(OverloadStage stage)
    {
        _stage = stage;
        Settle();
        if (stage >= OverloadStage.Shed)
        {
            Gate.ShedLow();
        }
    }

    // A reload and the heartbeat may come at the same time.
    private void Settle()
    {
        lock (_settling)
        {
            _isCalm = _stage == OverloadStage.Calm && Gate.Max == 0;
        }
    }
}
