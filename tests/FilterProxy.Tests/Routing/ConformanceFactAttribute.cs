using Xunit;

namespace FilterProxy.Tests.Routing;

/// <summary>A fact over public conformance data, which is not part of the repository: skipped where the data is not at hand.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ConformanceFactAttribute : FactAttribute
{
    private const string Variable = "FILTERPROXY_CONFORMANCE_DATA";

    public ConformanceFactAttribute(string file)
    {
        if (!File.Exists(GetPath(file)))
        {
            Skip = $"{Variable} names no folder with {file}";
        }
    }

    internal static string GetPath(string file) => Path.Combine(Environment.GetEnvironmentVariable(Variable) ?? "", file);
}
