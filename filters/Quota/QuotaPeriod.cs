namespace FilterProxy.Filters.Quota;

/// <summary>How long a quota is for; it begins anew with the calendar.</summary>
public enum QuotaPeriod
{
    /// <summary>From midnight to midnight.</summary>
    Day,

    /// <summary>From Monday to Monday.</summary>
    Week,

    /// <summary>From the `reset_day` of a month to that of the next.</summary>
    Month,
}
