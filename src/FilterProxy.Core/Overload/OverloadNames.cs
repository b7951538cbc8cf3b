namespace FilterProxy.Core.Overload;

/// <summary>How stages, resources and priorities are written in configurations, logs and metrics.</summary>
internal static class OverloadNames
{
    public static string Of(OverloadStage stage) => stage switch
    {
        OverloadStage.Shed => "shed",
        OverloadStage.Close => "close",
        OverloadStage.Refuse => "refuse",
        _ => "calm",
    };

    public static string Of(OverloadResource resource) => resource switch
    {
        OverloadResource.LoopLag => "loop_lag",
        OverloadResource.Memory => "memory",
        OverloadResource.Descriptors => "descriptors",
        _ => "queue_time",
    };

    public static string Of(RequestPriority priority) => priority switch
    {
        RequestPriority.Low => "low",
        RequestPriority.High => "high",
        _ => "normal",
    };

    /// <summary>A priority by its name; null for what is none.</summary>
    public static RequestPriority? PriorityOf(string? name) => name switch
    {
        "low" => RequestPriority.Low,
        "normal" => RequestPriority.Normal,
        "high" => RequestPriority.High,
        _ => null,
    };
}
