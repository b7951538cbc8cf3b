using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class VersionTests
{
    [Fact]
    public async Task Version_prints_one_line()
    {
        var (code, output, error) = await ProxyProcess.RunAsync("version");

        Assert.Equal(0, code);
        Assert.Matches(@"^filterproxy \d+\.\d+\.\d+(\+[0-9a-f]{7})?\n$", output);
        Assert.Empty(error);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_refused()
    {
        var (code, _, error) = await ProxyProcess.RunAsync("frobnicate");

        Assert.Equal(1, code);
        Assert.Contains("frobnicate", error, StringComparison.Ordinal);
    }
}
