using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Security;

/// <summary>What certificate sources say in the log.</summary>
internal static partial class SecurityLog
{
    [LoggerMessage(1, LogLevel.Warning,
        "The private key {Path} may be read or written by others than its owner (mode {Mode}): chmod 600, or key_permissions: ignore where that is meant.")]
    public static partial void KeyIsReadable(ILogger logger, string path, string mode);

    [LoggerMessage(2, LogLevel.Error, "The certificate {Path} expired on {NotAfter:yyyy-MM-dd HH:mm}Z. It is served all the same.")]
    public static partial void Expired(ILogger logger, string path, DateTime notAfter);

    [LoggerMessage(3, LogLevel.Warning, "The certificate {Path} is not valid before {NotBefore:yyyy-MM-dd HH:mm}Z. It is served all the same.")]
    public static partial void NotYetValid(ILogger logger, string path, DateTime notBefore);

    [LoggerMessage(4, LogLevel.Warning, "The folder {Path} has no certificates.")]
    public static partial void EmptyFolder(ILogger logger, string path);
}
