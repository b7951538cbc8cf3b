using FilterProxy.ScenarioTests.NextJs;
using Xunit;

namespace FilterProxy.ScenarioTests.Grpc;

/// <summary>A test that needs node with npm, and is skipped with the reason where there is none.</summary>
internal sealed class GrpcFactAttribute : FactAttribute
{
    public GrpcFactAttribute() => Skip = NpmWorkspace.Missing;
}

/// <summary>As <see cref="GrpcFactAttribute"/>, for theories.</summary>
internal sealed class GrpcTheoryAttribute : TheoryAttribute
{
    public GrpcTheoryAttribute() => Skip = NpmWorkspace.Missing;
}
