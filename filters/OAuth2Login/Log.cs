using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.OAuth2Login;

/// <summary>What the filters say in the log: who, why and what the provider said; never a token, a code, a cookie or a key.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The provider {Issuer} has said what it is.")]
    public static partial void Heard(ILogger logger, string issuer);

    [LoggerMessage(2, LogLevel.Error, "The provider {Issuer} does not say what it is: {Reason}. {State}.")]
    public static partial void NotHeard(ILogger logger, string issuer, string reason, string state);

    [LoggerMessage(3, LogLevel.Warning, "A refresh token could not be revoked at {Issuer}: {Reason}.")]
    public static partial void NotRevoked(ILogger logger, string issuer, string reason);

    [LoggerMessage(4, LogLevel.Information, "{Place}: {Subject} of {Client} has logged in.")]
    public static partial void LoggedIn(ILogger logger, string place, string subject, string client);

    [LoggerMessage(5, LogLevel.Warning, "{Place}: the tokens of {Subject} were not refreshed: {Reason}. {Consequence}.")]
    public static partial void NotRefreshed(ILogger logger, string place, string subject, string reason, string consequence);

    [LoggerMessage(6, LogLevel.Information, "{Place}: {Subject} has logged out ({How}).")]
    public static partial void LoggedOut(ILogger logger, string place, string subject, string how);

    [LoggerMessage(7, LogLevel.Error, "{Place}: there were too many logouts to remember each: every session has ended.")]
    public static partial void AllEnded(ILogger logger, string place);

    [LoggerMessage(8, LogLevel.Warning, "{Place}: no key is configured, so one was made: sessions end with this process, and no other proxy knows them.")]
    public static partial void RandomKey(ILogger logger, string place);

    [LoggerMessage(9, LogLevel.Warning, "{Place}: a token could not be checked at {Issuer}: {Reason}. {Consequence}.")]
    public static partial void NotIntrospected(ILogger logger, string place, string issuer, string reason, string consequence);

    [LoggerMessage(10, LogLevel.Error, "{Place}: a session could not be {What} in redis: {Reason}.")]
    public static partial void RedisFailed(ILogger logger, string place, string what, string reason);
}
