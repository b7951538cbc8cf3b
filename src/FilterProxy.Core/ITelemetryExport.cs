using System.Diagnostics.Metrics;
using FilterProxy.Core.Config;

namespace FilterProxy.Core;

/// <summary>Sends what the engine tells to whom the configuration names. The host's: the engine knows no protocol for it.</summary>
internal interface ITelemetryExport
{
    /// <summary>A configuration was put in force. Returns soon, whatever becomes of the receiver.</summary>
    /// <param name="telemetry">What it says.</param>
    /// <param name="meter">For what is counted about the sending itself.</param>
    void Apply(TelemetryConfig telemetry, Meter meter);
}
