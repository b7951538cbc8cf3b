using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Checks;

/// <summary>
/// What must hold of a whole configuration and can be told without knowing any component: names that refer to something, addresses,
/// combinations. Skips what could not be bound.
/// </summary>
internal static class ConfigChecks
{
    // What a timer can wait for.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    public static void Run(CheckContext context)
    {
        var config = context.Config;
        CheckDurations(context, config.Runtime);
        OverloadChecks.Run(context);
        HttpChecks.Run(context);
        ListenerChecks.Run(context);
        UdpListenerChecks.Run(context);
        AdminChecks.Run(context);
        RouteChecks.Run(context);
        ClusterChecks.Run(context);
        TelemetryChecks.Run(context);
        foreach (var (index, plugin) in config.Plugins.Index())
        {
            if (config.Plugins.Take(index).FirstOrDefault(earlier => earlier.Name == plugin.Name) is { } first)
            {
                context.RefuseWhole(plugin, $"plugin '{plugin.Name}' is here twice", $"first at {context.Places.Locate(first)}");
            }
        }
    }

    /// <summary>No duration of a record is longer than a timer can wait.</summary>
    public static void CheckDurations(CheckContext context, object record)
    {
        foreach (var property in ObjectPlan.Of(record.GetType())!.Properties)
        {
            if (property.Info.GetValue(record) is TimeSpan duration && duration > LongestTimer)
            {
                context.Refuse(record, property.Name, $"{property.Key} must be at most {LongestTimer.Days}d", "'off' is no limit");
            }
        }
    }
}
