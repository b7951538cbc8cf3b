using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>A fact that is skipped, with the reason, where node, Chromium or the OWASP Core Rule Set is missing.</summary>
public sealed class FirewallFactAttribute : FactAttribute
{
    public FirewallFactAttribute()
    {
        Skip = Prerequisites.Missing ?? (Directory.Exists("/usr/share/modsecurity-crs/rules") ? null : "modsecurity-crs is not installed");
    }
}
