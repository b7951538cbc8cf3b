using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A theory that is skipped, with the reason, where slowhttptest is missing.</summary>
public sealed class SlowHttpTestTheoryAttribute : TheoryAttribute
{
    public SlowHttpTestTheoryAttribute()
    {
        Skip = SlowHttpTest.Program is null ? "slowhttptest is not installed" : null;
    }
}
