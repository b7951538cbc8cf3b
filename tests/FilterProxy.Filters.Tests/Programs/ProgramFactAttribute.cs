using Xunit;

namespace FilterProxy.Filters.Tests.Programs;

/// <summary>A fact that needs a program: skipped, with the reason, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(params string[] programs)
    {
        Programs = programs;
        if (programs.FirstOrDefault(p => ExternalProgram.Find(p) is null) is { } missing)
        {
            Skip = $"{missing} is not installed";
        }
    }

    /// <summary>The programs' names.</summary>
    public IReadOnlyList<string> Programs { get; }
}
