using Xunit;

namespace FilterProxy.Tests.Http1;

/// <summary>A fact that needs third-party vectors which are not part of the repository; reported as skipped where they are absent.</summary>
public sealed class VectorFactAttribute : FactAttribute
{
    public VectorFactAttribute()
    {
        if (Path is null)
        {
            Skip = "No shared/conformance/data/llhttp.json beside the checkout.";
        }
    }

    public static string? Path { get; } = Find();

    // Beside the checkout, or beside a folder of several checkouts.
    private static string? Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "FilterProxy.sln")))
        {
            folder = folder.Parent;
        }

        for (var parent = folder?.Parent; parent is not null; parent = parent.Parent)
        {
            var file = System.IO.Path.Combine(parent.FullName, "shared", "conformance", "data", "llhttp.json");
            if (File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }
}
