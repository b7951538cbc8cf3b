namespace FilterProxy.Filters.Rbac;

/// <summary>Times of the week somewhere.</summary>
internal sealed class TimeWindow
{
    private readonly TimeZoneInfo _zone;
    private readonly TimeSpan _from;
    private readonly TimeSpan _to;
    private readonly int _days;

    public TimeWindow(RbacTimeOptions options)
    {
        _zone = TimeZoneInfo.FindSystemTimeZoneById(options.Zone);
        (_from, _to) = (RbacTimeOptions.Parse(options.From), RbacTimeOptions.Parse(options.To));
        _days = options.Days.Count == 0 ? 0b111_1111 : options.Days.Aggregate(0, (days, day) => days | (1 << (int)day));
    }

    public bool Contains(DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, _zone);
        var time = local.TimeOfDay;
        return _from < _to
            ? time >= _from && time < _to && IsDay(local.DayOfWeek)
            : (time >= _from && IsDay(local.DayOfWeek)) || (time < _to && IsDay(local.AddDays(-1).DayOfWeek));
    }

    private bool IsDay(DayOfWeek day) => (_days & (1 << (int)day)) != 0;
}
