using System.Text.RegularExpressions;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>What is shown to users loads: the examples, and the blocks of the documentation that are whole configurations.</summary>
public sealed partial class DocumentedConfigurationTests
{
    // Certificates that examples name, made here: they are the user's own.
    [GeneratedRegex(@"(?<=(cert|key): )[\w./-]+")]
    private static partial Regex CertificatePaths { get; }

    // ```yaml full
    [GeneratedRegex(@"^```yaml full\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FullBlocks { get; }

    public static TheoryData<string> Examples =>
        [.. Directory.GetFiles(Repository.At("conf"), "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file)).Order()];

    public static TheoryData<string, int> Blocks
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var file in Documents())
            {
                var text = File.ReadAllText(file);
                foreach (Match block in FullBlocks.Matches(text))
                {
                    data.Add(Path.GetRelativePath(Repository.Root, file), text.AsSpan(0, block.Index).Count('\n') + 1);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public Task An_example_is_a_valid_configuration(string file) => ValidateAsync(File.ReadAllText(Repository.At(file)), Path.GetDirectoryName(Repository.At(file)));

    [Theory]
    [MemberData(nameof(Blocks))]
    public Task A_block_marked_full_is_a_valid_configuration(string file, int line)
    {
        var text = File.ReadAllText(Repository.At(file));
        var block = FullBlocks.Matches(text).Single(match => text.AsSpan(0, match.Index).Count('\n') + 1 == line);
        return ValidateAsync(block.Groups[1].Value);
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var broken =
            from file in Documents()
            from Match link in Links().Matches(File.ReadAllText(file))
            let target = link.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal)
            let path = Path.Combine(Path.GetDirectoryName(file)!, target)
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{Path.GetRelativePath(Repository.Root, file)}: {target}";

        Assert.Empty(broken);
    }

    [GeneratedRegex(@"\]\(([^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Links();

    private static IEnumerable<string> Documents() =>
    [
        Repository.At("README.md"),
        .. Directory.GetFiles(Repository.At("docs"), "*.md", SearchOption.AllDirectories),
        .. Directory.GetFiles(Repository.At("filters"), "README.md", SearchOption.AllDirectories),
    ];

    /// <param name="yaml">The configuration.</param>
    /// <param name="folder">Where it stands with the scripts and rules it names.</param>
    private static async Task ValidateAsync(string yaml, string? folder = null)
    {
        using var file = new ConfigFile(yaml);
        using var certificate = new TestCertificate("localhost");
        string[] named = folder is null ? [] : [.. Directory.GetFiles(folder, "*.js"), .. Directory.GetFiles(folder, "*.conf", SearchOption.AllDirectories)];
        foreach (var script in named)
        {
            var target = Path.Combine(file.Folder, Path.GetRelativePath(folder!, script));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(script, target);
        }

        // The folder that examples name.
        var certificates = Directory.CreateDirectory(Path.Combine(file.Folder, "certs")).FullName;
        File.Copy(certificate.CertPath, Path.Combine(certificates, "example.com.pem"));
        File.Copy(certificate.KeyPath, Path.Combine(certificates, "example.com.key"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(certificates, "example.com.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        foreach (Match match in CertificatePaths.Matches(yaml))
        {
            var target = Path.Combine(file.Folder, match.Value);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(match.Groups[1].Value == "cert" ? certificate.CertPath : certificate.KeyPath, target, overwrite: true);
        }

        var (code, output, error) = await ProxyProcess.RunAsync("validate", "-c", file.Path);

        Assert.Equal((0, $"{file.Path}: ok\n", ""), (code, output, error));
    }
}
