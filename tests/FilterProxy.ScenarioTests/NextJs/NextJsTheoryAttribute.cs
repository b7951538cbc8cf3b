using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>A theory that is skipped, with the reason, where node or Chromium is missing.</summary>
public sealed class NextJsTheoryAttribute : TheoryAttribute
{
    public NextJsTheoryAttribute()
    {
        Skip = Prerequisites.Missing;
    }
}
