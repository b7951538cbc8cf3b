using System.Diagnostics;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A fact about a network that is the test's own (unshare(1)); skipped where the machine allows none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnNetworkFactAttribute : FactAttribute
{
    private static readonly string? Reason = Try();

    public OwnNetworkFactAttribute() => Skip = Reason;

    private static string? Try()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("unshare", ["-rn", "ip", "link", "set", "lo", "up"]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0 ? null : "a network namespace of its own is not allowed here";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unshare is not installed";
        }
    }
}
