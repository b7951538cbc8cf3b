namespace FilterProxy.Core.Overload;

/// <summary>
/// How scarce a resource is, and the stage that calls for. Each mark is a switch of its own with hysteresis: it goes on when it was reached at so
/// many looks in a row, and off when at so many the value was below a share of it. Looks are counted and not time, so that a process that stood still once
/// does not count as one that has too much to do.
/// </summary>
internal sealed class Pressure(OverloadResource resource)
{
    private readonly int[] _over = new int[(int)OverloadStage.Refuse + 1];
    private readonly int[] _under = new int[(int)OverloadStage.Refuse + 1];
    private readonly bool[] _on = new bool[(int)OverloadStage.Refuse + 1];

    public OverloadResource Resource { get; } = resource;

    /// <summary>As of the last look: seconds, or a share.</summary>
    public double Value { get; private set; }

    /// <summary>What it calls for.</summary>
    public OverloadStage Stage { get; private set; }

    /// <summary>Takes a look's value.</summary>
    /// <param name="value">Seconds, or a share.</param>
    /// <param name="marks">The resource's.</param>
    /// <param name="enter">Looks in a row that switch a mark on.</param>
    /// <param name="leave">Looks in a row that switch it off.</param>
    public void Look(double value, StageMarks marks, int enter, int leave)
    {
        Value = value;
        var stage = OverloadStage.Calm;
        for (var at = OverloadStage.Shed; at <= OverloadStage.Refuse; at++)
        {
            if (Switch((int)at, value, marks.Of(at), marks.Leave, enter, leave))
            {
                stage = at;
            }
        }

        Stage = stage;
    }

    private bool Switch(int at, double value, double mark, double share, int enter, int leave)
    {
        if (mark <= 0)
        {
            _over[at] = _under[at] = 0;
            return _on[at] = false;
        }

        _over[at] = value >= mark ? Math.Min(_over[at] + 1, enter) : 0;
        _under[at] = value < mark * share ? Math.Min(_under[at] + 1, leave) : 0;
        return _on[at] = _on[at] ? _under[at] < leave : _over[at] >= enter;
    }
}
