using System.Diagnostics;
using FilterProxy.ScenarioTests.NextJs;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class PublishTests
{
    [Fact]
    public async Task A_published_folder_holds_all_it_needs_to_run_elsewhere()
    {
        var folder = Directory.CreateTempSubdirectory("filterproxy-publish-").FullName;
        try
        {
            await PublishAsync(folder);
            Assert.True(File.Exists(Path.Combine(folder, "conf", "filterproxy.yaml")));

            await using var proxy = ProxyProcess.Start(["validate"], null, Path.Combine(folder, "filterproxy"), folder: "/");
            Assert.Equal(0, await proxy.ExitAsync());
            Assert.Equal($"{folder}/conf/filterproxy.yaml: ok\n", proxy.Output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PublishAsync(string folder)
    {
        // As built beside these tests: nothing is compiled here.
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        var start = new ProcessStartInfo(
            "dotnet",
            ["publish", Repository.At("src", "FilterProxy"), "-c", configuration == "release" ? "Release" : "Debug", "-o", folder, "--no-build", "--disable-build-servers"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
    }
}
