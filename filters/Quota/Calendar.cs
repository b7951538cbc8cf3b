namespace FilterProxy.Filters.Quota;

/// <summary>When periods begin and end.</summary>
internal sealed class Calendar(QuotaOptions options)
{
    /// <summary>The period a time is in: its beginning and its end, UTC.</summary>
    public (DateTimeOffset Start, DateTimeOffset End) At(DateTimeOffset time)
    {
        var day = new DateTimeOffset((time.UtcDateTime - options.ResetTime).Date, TimeSpan.Zero);
        var start = options.Period switch
        {
            QuotaPeriod.Day => day,
            QuotaPeriod.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
            _ => day.Day >= options.ResetDay ? day.AddDays(options.ResetDay - day.Day) : day.AddMonths(-1).AddDays(options.ResetDay - day.AddMonths(-1).Day),
        };
        var end = options.Period switch
        {
            QuotaPeriod.Day => start.AddDays(1),
            QuotaPeriod.Week => start.AddDays(7),
            _ => start.AddMonths(1),
        };
        return (start + options.ResetTime, end + options.ResetTime);
    }
}
