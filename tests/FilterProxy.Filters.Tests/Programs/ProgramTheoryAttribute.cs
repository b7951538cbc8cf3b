using Xunit;

namespace FilterProxy.Filters.Tests.Programs;

/// <summary>A theory that needs a program: skipped, with the reason, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProgramTheoryAttribute : TheoryAttribute
{
    public ProgramTheoryAttribute(string program)
    {
        Program = program;
        if (ExternalProgram.Find(program) is null)
        {
            Skip = $"{program} is not installed";
        }
    }

    /// <summary>The program's name.</summary>
    public string Program { get; }
}
