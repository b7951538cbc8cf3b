using FilterProxy.Tests;
using Xunit;

namespace FilterProxy.Filters.Tests.Jose;

/// <summary>Where the Wycheproof vectors are: they are not part of the repository.</summary>
internal static class JoseVectors
{
    private const string Variable = "FILTERPROXY_CONFORMANCE_DATA";

    public static string? Folder { get; } = Find();

    // By the variable, or beside the checkout, or beside a folder of several checkouts.
    private static string? Find()
    {
        var folders = new List<string> { Path.Combine(Environment.GetEnvironmentVariable(Variable) ?? "", "jose") };
        for (var parent = Directory.GetParent(Repository.Root); parent is not null; parent = parent.Parent)
        {
            folders.Add(Path.Combine(parent.FullName, "shared", "conformance", "data", "jose"));
        }

        return folders.Find(Directory.Exists);
    }
}

/// <summary>A fact over the Wycheproof vectors: skipped where they are not at hand.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class JoseVectorFactAttribute : FactAttribute
{
    public JoseVectorFactAttribute()
    {
        if (JoseVectors.Folder is null)
        {
            Skip = "FILTERPROXY_CONFORMANCE_DATA names no folder with jose, and none is beside the checkout.";
        }
    }
}
