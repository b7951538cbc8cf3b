using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>The scenarios that share one site and one browser.</summary>
[CollectionDefinition(Name)]
public sealed class NextJsScenarios : ICollectionFixture<NextJsFixture>
{
    public const string Name = "Next.js";
}
