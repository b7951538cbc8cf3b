using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Acme;

/// <summary>What the source says in the log. Names, times and the CA's own words; never a key.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The certificate of {Names} is loaded: valid until {NotAfter:u}, to be renewed {Renewal:u}.")]
    public static partial void Loaded(ILogger logger, string names, DateTimeOffset notAfter, DateTimeOffset renewal);

    [LoggerMessage(2, LogLevel.Information, "A certificate of {Names} is ordered from {Ca} with {Challenge}.")]
    public static partial void Ordering(ILogger logger, string names, string ca, string challenge);

    [LoggerMessage(3, LogLevel.Information, "The certificate of {Names} is new: valid until {NotAfter:u}, to be renewed {Renewal:u}.")]
    public static partial void Issued(ILogger logger, string names, DateTimeOffset notAfter, DateTimeOffset renewal);

    [LoggerMessage(4, LogLevel.Error, "No certificate of {Names}: {Reason} Next attempt {Next:u}; {Expires}.")]
    public static partial void Failed(ILogger logger, string names, string reason, DateTimeOffset next, string expires);

    [LoggerMessage(5, LogLevel.Error, "No certificate of {Names}, for an unexpected reason. Next attempt {Next:u}; {Expires}.")]
    public static partial void Broken(ILogger logger, Exception exception, string names, DateTimeOffset next, string expires);

    [LoggerMessage(6, LogLevel.Error, "The certificate file {File} cannot be written: {Reason} It is served from memory, and ordered again after a restart.")]
    public static partial void CannotStore(ILogger logger, string file, string reason);

    [LoggerMessage(7, LogLevel.Error, "The certificate file {File} cannot be used: {Reason}")]
    public static partial void Unreadable(ILogger logger, string file, string reason);

    [LoggerMessage(8, LogLevel.Warning, "Others than its owner can read or write {File}, which holds a private key: chmod 600 it.")]
    public static partial void Exposed(ILogger logger, string file);

    [LoggerMessage(9, LogLevel.Warning, "The record that proved {Name} could not be removed: {Reason}")]
    public static partial void CleanupFailed(ILogger logger, string name, string reason);
}
