using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>The times that call for the stages of overload; <c>off</c> is never.</summary>
internal sealed record OverloadTimesConfig
{
    /// <summary>Duration from which on requests of low priority are refused. Default: 250ms.</summary>
    public TimeSpan Shed { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Duration from which on connections end with their current requests. Default: 1s.</summary>
    public TimeSpan Close { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Duration from which on no new connections are taken. Default: 3s.</summary>
    public TimeSpan Refuse { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A stage is left below this much of its time, in percent. Default: 50.</summary>
    [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
    public int Leave { get; init; } = 50;
}
