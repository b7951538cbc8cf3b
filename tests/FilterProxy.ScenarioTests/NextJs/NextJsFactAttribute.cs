using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>A fact that is skipped, with the reason, where node or Chromium is missing.</summary>
public sealed class NextJsFactAttribute : FactAttribute
{
    public NextJsFactAttribute()
    {
        Skip = Prerequisites.Missing;
    }
}
