using FilterProxy.ScenarioTests.NextJs;
using Xunit;

namespace FilterProxy.ScenarioTests.OAuth;

/// <summary>A test that needs node with npm and a Chromium, and is skipped with the reason where they are missing.</summary>
internal sealed class OAuthFactAttribute : FactAttribute
{
    public OAuthFactAttribute() => Skip = Prerequisites.Missing;
}
