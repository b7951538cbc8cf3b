using Xunit;

namespace FilterProxy.ScenarioTests.Clients;

/// <summary>A test that needs a program, and is skipped with the reason where it is missing.</summary>
internal sealed class ClientFactAttribute : FactAttribute
{
    public ClientFactAttribute(string program) => Skip = ClientProgram.Find(program) is null ? $"{program} is not installed" : null;
}

/// <summary>As <see cref="ClientFactAttribute"/>, for theories.</summary>
internal sealed class ClientTheoryAttribute : TheoryAttribute
{
    public ClientTheoryAttribute(string program) => Skip = ClientProgram.Find(program) is null ? $"{program} is not installed" : null;
}
