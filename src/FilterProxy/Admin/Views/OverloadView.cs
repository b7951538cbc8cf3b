using FilterProxy.Core.Overload;

namespace FilterProxy.Host.Admin.Views;

/// <summary>What runs short, and what is done about it.</summary>
/// <param name="Stage"><c>calm</c>, <c>shed</c>, <c>close</c> or <c>refuse</c>.</param>
/// <param name="Since">When it was entered, UTC.</param>
/// <param name="Resources">What is looked at.</param>
/// <param name="MaxExchanges">Exchanges at a time; 0 for no limit.</param>
/// <param name="Exchanges">Exchanges under way, where they are limited.</param>
/// <param name="Waiting">Requests that wait for a place, by priority.</param>
internal sealed record OverloadView(
    string Stage, DateTimeOffset Since, IReadOnlyList<PressureView> Resources, int MaxExchanges, int Exchanges, IReadOnlyDictionary<string, int> Waiting)
{
    public static OverloadView Of(ProxyControl control)
    {
        var load = control.Engine.Services.Load;
        var watch = control.Engine.Overload;
        return new OverloadView(
            OverloadNames.Of(load.Stage),
            watch.Since,
            [.. watch.Pressures.Select(pressure => PressureView.Of(pressure, load.Rules.Of(pressure.Resource)))],
            load.Gate.Max,
            load.Gate.Active,
            Enum.GetValues<RequestPriority>().ToDictionary(OverloadNames.Of, load.Gate.WaitingOf));
    }
}

/// <summary>A resource, and what calls for the stages. Times in seconds, the others as a share; marks are 0 for never.</summary>
/// <param name="Resource"><c>loop_lag</c>, <c>memory</c>, <c>descriptors</c> or <c>queue_time</c>.</param>
/// <param name="Value">Now; 0 where nobody looks.</param>
/// <param name="Stage">What it calls for.</param>
/// <param name="Shed">The mark of that stage.</param>
/// <param name="Close">The mark of that stage.</param>
/// <param name="Refuse">The mark of that stage.</param>
/// <param name="Leave">Below which share of its mark a stage is left.</param>
internal sealed record PressureView(string Resource, double Value, string Stage, double Shed, double Close, double Refuse, double Leave)
{
    public static PressureView Of(Pressure pressure, StageMarks marks) => new(
        OverloadNames.Of(pressure.Resource), Math.Round(pressure.Value, 4), OverloadNames.Of(pressure.Stage), marks.Shed, marks.Close, marks.Refuse, marks.Leave);
}
