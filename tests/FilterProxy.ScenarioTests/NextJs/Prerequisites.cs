using System.Diagnostics;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>What the Next.js scenarios need on the machine and cannot bring along: node with npm, and a Chromium.</summary>
internal static class Prerequisites
{
    private static readonly string[] ChromiumPaths =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

    /// <summary>Null when node is missing.</summary>
    public static string? Node { get; } = OnPath("node");

    /// <summary>Null when npm is missing.</summary>
    public static string? Npm { get; } = OnPath("npm");

    /// <summary>Null when there is no Chromium.</summary>
    public static string? Chromium { get; } =
        Environment.GetEnvironmentVariable("CHROMIUM_PATH") ?? ChromiumPaths.FirstOrDefault(File.Exists);

    /// <summary>Node's version, without its <c>v</c>; empty when node is missing.</summary>
    public static string NodeVersion { get; } = Node is null ? "" : ReadNodeVersion(Node);

    /// <summary>Why the scenarios cannot run here; null when they can.</summary>
    public static string? Missing { get; } =
        Node is null || Npm is null ? "node and npm are not installed"
        : !Version.TryParse(NodeVersion, out var version) || version.Major < 20 ? $"node {NodeVersion} is older than 20"
        : Chromium is null ? "chromium is not installed (or set CHROMIUM_PATH)"
        : null;

    private static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static string ReadNodeVersion(string node)
    {
        using var process = Process.Start(new ProcessStartInfo(node, "--version") { RedirectStandardOutput = true })!;
        var version = process.StandardOutput.ReadToEnd().Trim().TrimStart('v');
        process.WaitForExit();
        return version;
    }
}
