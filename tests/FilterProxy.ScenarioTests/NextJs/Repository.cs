namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>Where things are in the working copy the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The executable built beside these tests, in the same configuration. FILTERPROXY_EXE names another one.</summary>
    public static string ProxyExecutable { get; } =
        Environment.GetEnvironmentVariable("FILTERPROXY_EXE")
        ?? Path.Combine(Root, "artifacts", "bin", "FilterProxy", Configuration, "filterproxy");

    private static string Configuration => Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));

    public static string At(params string[] path) => Path.Combine([Root, .. path]);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "FilterProxy.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("outside of the repository");
        }

        return folder;
    }
}
