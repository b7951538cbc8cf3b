using System.Diagnostics;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A fact about something the machine must allow; skipped where a command that tries it fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class CommandFactAttribute : FactAttribute
{
    /// <summary>Why a command fails; null where it does not.</summary>
    /// <param name="refused">Why it ends with an error.</param>
    /// <param name="missing">Why it cannot be run.</param>
    /// <param name="program">The command.</param>
    /// <param name="arguments">Its arguments.</param>
    protected static string? Try(string refused, string missing, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0 ? null : refused;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return missing;
        }
    }
}
