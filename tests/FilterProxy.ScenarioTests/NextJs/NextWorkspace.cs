using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>
/// A built copy of tests/nextjs, under tests/.work and named by a hash of its sources: built by the first run that needs it,
/// found by later ones. The sources themselves stay untouched.
/// </summary>
internal static class NextWorkspace
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(15);
    // turbo asks git what changed, and git ignores this folder: its cache would answer with builds of older sources.
    private static readonly string[] BuildArguments = ["run", "build", "--", "--cache=local:,remote:"];
    private static readonly string[] Generated = ["node_modules", ".next", ".turbo", "next-env.d.ts"];

    /// <summary>Nothing is asked of or told to anyone while apps are built or run.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["NEXT_TELEMETRY_DISABLED"] = "1",
        ["TURBO_TELEMETRY_DISABLED"] = "1",
        ["TURBO_NO_UPDATE_NOTIFIER"] = "1",
        ["DO_NOT_TRACK"] = "1",
        ["npm_config_audit"] = "false",
        ["npm_config_fund"] = "false",
        ["npm_config_update_notifier"] = "false",
    };

    /// <summary>The path of Next.js's command line, for node.</summary>
    public static string Next(string workspace) => Path.Combine(workspace, "node_modules", "next", "dist", "bin", "next");

    public static async Task<string> PrepareAsync()
    {
        var sources = Repository.At("tests", "nextjs");
        var files = Sources(sources).Order(StringComparer.Ordinal).ToArray();
        var work = Directory.CreateDirectory(Repository.At("tests", ".work", "nextjs")).FullName;
        using var oneAtATime = await LockAsync(Path.Combine(work, "lock"));
        var workspace = Path.Combine(work, Hash(sources, files));
        var built = Path.Combine(workspace, "built");
        if (File.Exists(built))
        {
            return workspace;
        }

        foreach (var other in Directory.GetDirectories(work))
        {
            Directory.Delete(other, recursive: true);
        }

        foreach (var file in files)
        {
            Copy(Path.Combine(sources, file), Path.Combine(workspace, file));
        }

        await RunAsync("npm ci", Prerequisites.Npm!, ["ci"], workspace, InstallLimit);
        await RunAsync("turbo build", Prerequisites.Npm!, BuildArguments, workspace, BuildLimit);
        await File.WriteAllTextAsync(built, "");
        return workspace;
    }

    /// <summary>Copies the sources of one app to where it still finds the workspace's packages, to be edited there.</summary>
    public static string CopyApp(string workspace, string app)
    {
        var source = Path.Combine(workspace, "apps", app);
        var target = Path.Combine(workspace, "dev", $"{app}-{Guid.NewGuid():N}");
        foreach (var file in Sources(source))
        {
            Copy(Path.Combine(source, file), Path.Combine(target, file));
        }

        return target;
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFileSystemEntries(folder)
            .Where(entry => !Generated.Contains(Path.GetFileName(entry)) && Path.GetExtension(entry) != ".tsbuildinfo")
            .SelectMany(entry => Directory.Exists(entry)
                ? Sources(entry).Select(file => Path.Combine(Path.GetFileName(entry), file))
                : [Path.GetFileName(entry)]);

    private static string Hash(string folder, IEnumerable<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Prerequisites.NodeVersion));
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file + '\0'));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, file))));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(source, target, overwrite: true);
    }

    private static async Task<FileStream> LockAsync(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                // Another run is building.
                await Task.Delay(200);
            }
        }
    }

    private static async Task RunAsync(string name, string file, string[] arguments, string folder, TimeSpan limit)
    {
        await using var process = ServerProcess.Start(name, file, arguments, folder, Environment);
        var code = await process.ExitAsync(limit);
        if (code != 0)
        {
            throw new InvalidOperationException($"{name} ended with {code}:\n{process.Output}");
        }
    }
}
