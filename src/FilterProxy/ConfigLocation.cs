namespace FilterProxy.Host;

/// <summary>Where the configuration is when the command line does not say.</summary>
internal static class ConfigLocation
{
    private static readonly string Relative = Path.Combine("conf", "filterproxy.yaml");

    /// <summary>The nearest conf/filterproxy.yaml from the working folder upwards, else the one beside the program.</summary>
    public static string FindDefault()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, Relative);
            if (File.Exists(candidate))
            {
                return Path.GetRelativePath(Environment.CurrentDirectory, candidate);
            }
        }

        return Path.Combine(AppContext.BaseDirectory, Relative);
    }
}
