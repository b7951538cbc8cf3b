using System.Globalization;
using System.Text;
using FilterProxy.Core.Overload;

namespace FilterProxy.Core.Config;

/// <summary>Makes the running rules of checked ones.</summary>
internal static class OverloadCompiler
{
    public static OverloadRules Compile(OverloadConfig config) => new()
    {
        LoopLag = config.Enabled ? MarksOf(config.LoopLag) : StageMarks.Off,
        Memory = config.Enabled ? MarksOf(config.Memory) : StageMarks.Off,
        Descriptors = config.Enabled ? MarksOf(config.Descriptors) : StageMarks.Off,
        QueueTime = config.Enabled ? MarksOf(config.QueueTime) : StageMarks.Off,
        MemoryLimit = config.MemoryLimit?.Bytes ?? 0,
        EnterAfter = config.EnterAfter,
        LeaveAfter = config.LeaveAfter,
        RetryAfter = Encoding.ASCII.GetBytes(((long)Math.Ceiling(config.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture)),
        MaxExchanges = config.MaxExchanges,
        QueueSize = config.Queue.Size,
        QueueTarget = config.Queue.Target,
        QueueInterval = config.Queue.Interval,
        QueueDeadline = config.Queue.Deadline,
    };

    private static StageMarks MarksOf(OverloadTimesConfig times) =>
        new(times.Shed.TotalSeconds, times.Close.TotalSeconds, times.Refuse.TotalSeconds, times.Leave / 100.0);

    private static StageMarks MarksOf(OverloadSharesConfig shares) =>
        new(shares.Shed / 100, shares.Close / 100, shares.Refuse / 100, shares.Leave / 100.0);
}
