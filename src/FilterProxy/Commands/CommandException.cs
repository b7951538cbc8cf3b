namespace FilterProxy.Host.Commands;

/// <summary>A command cannot go on, and how it ends.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode => exitCode;
}
