namespace FilterProxy.Filters.AccessLog;

/// <summary>How often a log begins a new file. Periods begin at the full hour or at midnight, UTC.</summary>
public enum RotationPeriod
{
    /// <summary>Every hour.</summary>
    Hour,

    /// <summary>Every day.</summary>
    Day,
}
