using System.Globalization;
using FilterProxy.Core.Config;
using FilterProxy.Host;
using FilterProxy.ScenarioTests.NextJs;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>The unit fits the program it starts.</summary>
public sealed class SystemdUnitTests
{
    private static readonly Dictionary<string, string> Unit = File.ReadLines(Repository.At("conf", "systemd", "filterproxy.service"))
        .Where(line => line.Length > 0 && line[0] is not '#' and not '[')
        .Select(line => line.Split('=', 2))
        .ToDictionary(parts => parts[0], parts => parts[1]);

    [Fact]
    public void It_waits_for_ready_and_for_beats() =>
        Assert.Equal(("notify", "main", "30s"), (Unit["Type"], Unit["NotifyAccess"], Unit["WatchdogSec"]));

    [Fact]
    public void It_is_not_started_again_with_a_configuration_that_has_errors() =>
        Assert.Equal(ExitCode.Configuration.ToString(CultureInfo.InvariantCulture), Unit["RestartPreventExitStatus"]);

    [Fact]
    public void It_is_killed_only_after_the_grace() =>
        Assert.True(int.Parse(Unit["TimeoutStopSec"].TrimEnd('s'), CultureInfo.InvariantCulture) > new RuntimeConfig().ShutdownGrace.TotalSeconds + 10);

    [Fact]
    public void Its_command_is_one_the_program_knows() =>
        Assert.Empty(CommandLine.Create().Parse(Unit["ExecStart"].Split(' ')[1..]).Errors);
}
