using Microsoft.Extensions.Logging;

namespace FilterProxy.Host.Admin.Views;

/// <summary>How much the log says.</summary>
/// <param name="Level">The least important level that is said.</param>
internal sealed record LogLevelView(string Level)
{
    /// <summary>What levels are called, by <see cref="LogLevel"/>.</summary>
    public static readonly IReadOnlyList<string> Names = ["trace", "debug", "information", "warning", "error", "critical", "none"];

    public static string NameOf(LogLevel level) => Names[(int)level];
}
