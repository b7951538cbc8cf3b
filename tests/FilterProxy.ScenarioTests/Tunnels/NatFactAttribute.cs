using System.Diagnostics;
using Xunit;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>A fact about networks with routers that translate addresses (<c>nat.sh</c>); skipped where the machine allows none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NatFactAttribute : FactAttribute
{
    private static readonly string? Reason = Try();

    public NatFactAttribute() => Skip = Reason;

    private static string? Try()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("sh", [NatNetworks.Script, "check"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0 ? null : "networks with NAT of its own are not to be had here: they need user namespaces, ip, nft and nsenter";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "there is no shell";
        }
    }
}
