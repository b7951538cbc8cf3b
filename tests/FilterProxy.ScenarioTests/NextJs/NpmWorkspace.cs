using System.Security.Cryptography;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>A copy of a folder of tests with its npm packages, under tests/.work: made by the first run that needs it, found by later ones.</summary>
internal static class NpmWorkspace
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(3);

    /// <summary>Why the scenarios cannot run here; null when they can.</summary>
    public static string? Missing { get; } = Prerequisites.Node is null || Prerequisites.Npm is null ? "node and npm are not installed" : null;

    /// <param name="name">The folder of tests.</param>
    public static async Task<string> PrepareAsync(string name)
    {
        var sources = Repository.At("tests", name);
        var files = Directory.GetFiles(sources, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/node_modules/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToArray();
        var work = Directory.CreateDirectory(Repository.At("tests", ".work", name)).FullName;
        using var oneAtATime = await LockAsync(Path.Combine(work, "lock"));
        var workspace = Path.Combine(work, Hash(files));
        var installed = Path.Combine(workspace, "installed");
        if (File.Exists(installed))
        {
            return workspace;
        }

        foreach (var other in Directory.GetDirectories(work))
        {
            Directory.Delete(other, recursive: true);
        }

        foreach (var file in files)
        {
            var target = Path.Combine(workspace, Path.GetRelativePath(sources, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        await using var npm = ServerProcess.Start("npm ci", Prerequisites.Npm!, ["ci", "--ignore-scripts"], workspace, NextWorkspace.Environment);
        if (await npm.ExitAsync(InstallLimit) is not 0 and var code)
        {
            throw new InvalidOperationException($"npm ci ended with {code}:\n{npm.Output}");
        }

        await File.WriteAllTextAsync(installed, "");
        return workspace;
    }

    private static string Hash(IEnumerable<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
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
                // Another run is installing.
                await Task.Delay(200);
            }
        }
    }
}
