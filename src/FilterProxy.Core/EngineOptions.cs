using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core;

/// <summary>What a host decides about the engine.</summary>
internal sealed record EngineOptions
{
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Where plugins are found when the configuration does not say.</summary>
    public required string PluginPath { get; init; }

    /// <summary>What relative paths in options are relative to.</summary>
    public required string ConfigDirectory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether completions run on the event loop; must agree with how sockets were set up for the process.</summary>
    public bool InlineCompletions { get; init; }

    /// <summary>Sends traces and metrics; null to leave that to listeners of the process.</summary>
    public ITelemetryExport? Export { get; init; }

    /// <summary>Another transport than Kestrel's sockets, for tests; null for sockets.</summary>
    public IConnectionListenerFactory? Transport { get; init; }
}
