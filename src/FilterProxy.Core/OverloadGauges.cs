using FilterProxy.Core.Overload;
using FilterProxy.Core.Telemetry.Metrics;

namespace FilterProxy.Core;

/// <summary>What is looked up of the load when metrics are read.</summary>
internal sealed class OverloadGauges
{
    public OverloadGauges(LoadShedder load, OverloadWatch watch, MetricsRegistry registry)
    {
        registry.Add(new("filterproxy.overload.stage", MetricKind.Gauge, "", "What is done about overload: 0 nothing, 1 low priority is shed, 2 connections end as well, 3 new ones are refused as well."), into =>
            into.Add(new Sample(Labels.None, (int)load.Stage)));
        registry.Add(new("filterproxy.overload.pressure", MetricKind.Gauge, "", "How scarce a resource is: the loops' lag and the queue's time in seconds, memory and descriptors as a share. 0 where nobody looks.", "resource"), into =>
            into.AddRange(watch.Pressures.Select(pressure =>
                new Sample(new Labels(new KeyValuePair<string, object?>("resource", OverloadNames.Of(pressure.Resource))), pressure.Value))));
        registry.Add(new("filterproxy.overload.exchanges", MetricKind.Gauge, "{request}", "Exchanges under way, where overload.max_exchanges limits them."), into =>
            into.Add(new Sample(Labels.None, load.Gate.Active)));
        registry.Add(new("filterproxy.overload.waiting", MetricKind.Gauge, "{request}", "Requests that wait for a place among them, by priority.", "priority"), into =>
            into.AddRange(Enum.GetValues<RequestPriority>().Select(priority =>
                new Sample(new Labels(new KeyValuePair<string, object?>("priority", OverloadNames.Of(priority))), load.Gate.WaitingOf(priority)))));
    }
}
