namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>overload</c>.</summary>
internal static class OverloadChecks
{
    public static void Run(CheckContext context)
    {
        var overload = context.Config.Overload;
        ConfigChecks.CheckDurations(context, overload);
        CheckTimes(context, overload.LoopLag);
        CheckTimes(context, overload.QueueTime);
        CheckShares(context, overload.Memory);
        CheckShares(context, overload.Descriptors);
        CheckQueue(context, overload.Queue);
        if (overload.RetryAfter < TimeSpan.FromSeconds(1))
        {
            context.Refuse(overload, nameof(overload.RetryAfter), "retry_after must be at least 1s");
        }

        if (overload.MemoryLimit is { Bytes: <= 0 })
        {
            context.Refuse(overload, nameof(overload.MemoryLimit), "memory_limit must be more than 0", "leave it out for what there is");
        }
    }

    private static void CheckTimes(CheckContext context, OverloadTimesConfig times)
    {
        ConfigChecks.CheckDurations(context, times);
        CheckOrder(context, times, times.Shed.TotalSeconds, times.Close.TotalSeconds, times.Refuse.TotalSeconds);
    }

    private static void CheckShares(CheckContext context, OverloadSharesConfig shares) =>
        CheckOrder(context, shares, shares.Shed, shares.Close, shares.Refuse);

    /// <summary>A later stage is not called for by less than an earlier one.</summary>
    private static void CheckOrder(CheckContext context, object marks, double shed, double close, double refuse)
    {
        if (close > 0 && close < shed)
        {
            context.Refuse(marks, "Close", "close must not be less than shed", "the stages are entered one after the other");
        }

        if (refuse > 0 && refuse < Math.Max(shed, close))
        {
            context.Refuse(marks, "Refuse", "refuse must not be less than shed and close", "the stages are entered one after the other");
        }
    }

    private static void CheckQueue(CheckContext context, OverloadQueueConfig queue)
    {
        ConfigChecks.CheckDurations(context, queue);
        if (queue.Target <= TimeSpan.Zero || queue.Interval < queue.Target || queue.Deadline < queue.Target)
        {
            context.Refuse(queue, nameof(queue.Target), "target must be more than 0, and no more than interval and deadline");
        }
    }
}
