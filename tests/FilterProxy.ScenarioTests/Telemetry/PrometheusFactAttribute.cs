using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>A test with a real Prometheus; tests/run.sh installs it.</summary>
internal sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute()
    {
        if (Prometheus.Program is null)
        {
            Skip = "prometheus is not installed";
        }
    }
}
