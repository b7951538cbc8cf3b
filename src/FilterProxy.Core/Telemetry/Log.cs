using FilterProxy.Core.Telemetry.Tracing;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Telemetry;

/// <summary>What the engine says in the log. What happens per request is in the access log.</summary>
internal sealed partial class Log(ILogger logger)
{
    [LoggerMessage(1, LogLevel.Error, "Filter '{Filter}' failed on route '{Route}'.")]
    private static partial void FilterFailure(ILogger logger, Exception exception, string filter, string route);

    public void FilterFailure(Exception exception, string filter, string route) => FilterFailure(logger, exception, filter, route);

    [LoggerMessage(2, LogLevel.Error, "The engine failed on connection {Connection}.")]
    private static partial void EngineFailure(ILogger logger, Exception exception, string connection);

    public void EngineFailure(Exception exception, string connection) => EngineFailure(logger, exception, connection);

    [LoggerMessage(3, LogLevel.Information, "Listening on {Address} (listener '{Listener}').")]
    private static partial void Listening(ILogger logger, string address, string listener);

    public void Listening(string address, string listener) => Listening(logger, address, listener);

    [LoggerMessage(4, LogLevel.Warning,
        "Listener '{Listener}' closed a connection: {Limit} is {Value} ({Skipped} more closed since this was last said).")]
    private static partial void ConnectionLimit(ILogger logger, string listener, string limit, int value, long skipped);

    public void ConnectionLimit(string listener, string limit, int value, long skipped) => ConnectionLimit(logger, listener, limit, value, skipped);

    [LoggerMessage(20, LogLevel.Warning,
        "Listener '{Listener}' closed a connection of {Client}: connections_per_client is {Value} ({Skipped} more closed since this was last said).")]
    private static partial void ClientLimit(ILogger logger, string listener, string client, int value, long skipped);

    public void ClientLimit(string listener, string client, int value, long skipped) => ClientLimit(logger, listener, client, value, skipped);

    [LoggerMessage(22, LogLevel.Error,
        "Listener '{Listener}' pauses accepting: file descriptors run out; raise the limit (ulimit -n, LimitNOFILE) or lower connections_in_all ({Skipped} more pauses since this was last said).")]
    private static partial void OutOfDescriptors(ILogger logger, string listener, long skipped);

    public void OutOfDescriptors(string listener, long skipped) => OutOfDescriptors(logger, listener, skipped);

    [LoggerMessage(21, LogLevel.Information,
        "Listener '{Listener}': a TLS handshake of {Client} failed: {Reason} {Detail} ({Skipped} more of this kind since this was last said).")]
    private static partial void TlsHandshakeFailed(ILogger logger, string listener, string client, string reason, string detail, long skipped);

    public void TlsHandshakeFailed(string listener, string client, string reason, string detail, long skipped) =>
        TlsHandshakeFailed(logger, listener, client, reason, detail, skipped);

    [LoggerMessage(42, LogLevel.Information,
        "Listener '{Listener}': an HTTP/2 {Scope} of {Client} was refused: {Reason}. {Detail} ({Skipped} more of this kind since this was last said).")]
    private static partial void Http2Refused(ILogger logger, string listener, string scope, string client, string reason, string detail, long skipped);

    public void Http2Refused(string listener, string scope, string client, string reason, string detail, long skipped) =>
        Http2Refused(logger, listener, scope, client, reason, detail, skipped);

    [LoggerMessage(23, LogLevel.Error,
        "Listener '{Listener}': a certificate source failed for '{ServerName}' ({Skipped} more failures since this was last said).")]
    private static partial void CertificateSourceFailed(ILogger logger, Exception exception, string listener, string serverName, long skipped);

    public void CertificateSourceFailed(Exception exception, string listener, string serverName, long skipped) =>
        CertificateSourceFailed(logger, exception, listener, serverName, skipped);

    [LoggerMessage(26, LogLevel.Warning,
        "Listener '{Listener}': the certificate of '{Subject}' (serial {Serial}) expires on {NotAfter:yyyy-MM-dd HH:mm}Z.")]
    private static partial void CertificateExpires(ILogger logger, string listener, string subject, string serial, DateTime notAfter);

    [LoggerMessage(27, LogLevel.Error,
        "Listener '{Listener}': the certificate of '{Subject}' (serial {Serial}) expired on {NotAfter:yyyy-MM-dd HH:mm}Z and is served all the same.")]
    private static partial void CertificateExpired(ILogger logger, string listener, string subject, string serial, DateTime notAfter);

    public void CertificateExpires(string listener, string subject, string serial, DateTime notAfter, bool isOver)
    {
        if (isOver)
        {
            CertificateExpired(logger, listener, subject, serial, notAfter);
        }
        else
        {
            CertificateExpires(logger, listener, subject, serial, notAfter);
        }
    }

    [LoggerMessage(24, LogLevel.Warning,
        "Filter '{Filter}' held event loop {Loop} for {Milliseconds} ms{SoFar}: everything else on the loop waited. Let it await, or declare it Blocking = true ({Skipped} more since this was last said).")]
    private static partial void LoopHeld(ILogger logger, string filter, int loop, long milliseconds, string soFar, long skipped);

    public void LoopHeld(string filter, int loop, TimeSpan held, string soFar, long skipped) =>
        LoopHeld(logger, filter, loop, (long)held.TotalMilliseconds, soFar, skipped);

    [LoggerMessage(5, LogLevel.Debug, "Attempt {Attempt} on {Peer} failed: {Kind} {Detail}.")]
    private static partial void AttemptFailed(ILogger logger, int attempt, string peer, ProxyErrorKind kind, string? detail);

    [LoggerMessage(7, LogLevel.Information, "Attempt {Attempt} on {Peer} failed: {Kind} {Detail} (debugged exchange).")]
    private static partial void DebuggedAttemptFailed(ILogger logger, int attempt, string peer, ProxyErrorKind kind, string? detail);

    public void AttemptFailed(int attempt, UpstreamPeer peer, in ProxyError error, bool isDebugged = false)
    {
        if (isDebugged)
        {
            DebuggedAttemptFailed(logger, attempt, peer.ToString(), error.Kind, error.Detail);
        }
        else if (logger.IsEnabled(LogLevel.Debug))
        {
            AttemptFailed(logger, attempt, peer.ToString(), error.Kind, error.Detail);
        }
    }

    [LoggerMessage(9, LogLevel.Debug, "Attempt {Attempt} on {Peer} has no answer after {Milliseconds:F0} ms; the request goes to {Other} as well.")]
    private static partial void AttemptHedged(ILogger logger, int attempt, string peer, string other, double milliseconds);

    public void AttemptHedged(int attempt, UpstreamPeer peer, UpstreamPeer other, TimeSpan waited)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            AttemptHedged(logger, attempt, peer.ToString(), other.ToString(), waited.TotalMilliseconds);
        }
    }

    [LoggerMessage(8, LogLevel.Information,
        "Debugged exchange {RequestId} (trace {TraceId}): {Method} {Path} on route '{Route}' got {Status} ({Reason}) in {Milliseconds:F3} ms. Phases, in ms: {Phases}")]
    private static partial void ExchangeDebugged(
        ILogger logger, string requestId, string traceId, string method, string path, string route, int status, string reason, double milliseconds, string phases);

    public void ExchangeDebugged(HttpExchange x, PhaseLog phases) => ExchangeDebugged(
        logger,
        x.Request.Headers["x-request-id"] ?? "-",
        x.Trace.IsEmpty ? "-" : x.Trace.TraceId,
        x.Request.MethodText,
        x.Request.PathText,
        x.RouteName ?? "-",
        x.Response.StatusCode,
        x.Stats.Reason,
        x.Stats.Duration.TotalMilliseconds,
        phases.ToString());

    [LoggerMessage(6, LogLevel.Information, "Stopping: {Count} connections have up to {Grace} to finish.")]
    private static partial void Draining(ILogger logger, int count, TimeSpan grace);

    public void Draining(int count, TimeSpan grace) => Draining(logger, count, grace);

    [LoggerMessage(17, LogLevel.Warning, "The endpoint source of cluster '{Cluster}' failed; its last endpoints stay, next try in {Pause}.")]
    private static partial void EndpointSourceFailed(ILogger logger, Exception exception, string cluster, TimeSpan pause);

    public void EndpointSourceFailed(Exception exception, string cluster, TimeSpan pause) => EndpointSourceFailed(logger, exception, cluster, pause);

    [LoggerMessage(18, LogLevel.Information, "Cluster '{Cluster}' has {Count} endpoints.")]
    private static partial void EndpointsChanged(ILogger logger, string cluster, int count);

    public void EndpointsChanged(string cluster, int count) => EndpointsChanged(logger, cluster, count);

    [LoggerMessage(19, LogLevel.Warning, "Cluster '{Cluster}' starts without endpoints: its source has not named any yet.")]
    private static partial void NoEndpointsYet(ILogger logger, string cluster);

    public void NoEndpointsYet(string cluster) => NoEndpointsYet(logger, cluster);

    [LoggerMessage(50, LogLevel.Error, "Filter '{Filter}' failed on route '{Route}' and was skipped ({Skipped} more times since this was last said).")]
    private static partial void FilterSkipped(ILogger logger, Exception exception, string filter, string route, long skipped);

    public void FilterSkipped(Exception exception, string filter, string route, long skipped) => FilterSkipped(logger, exception, filter, route, skipped);

    [LoggerMessage(52, LogLevel.Error, "Connection filter '{Filter}' failed on listener '{Listener}': the connection is ended.")]
    private static partial void ConnectionFilterFailure(ILogger logger, Exception exception, string filter, string listener);

    public void ConnectionFilterFailure(Exception exception, string filter, string listener) => ConnectionFilterFailure(logger, exception, filter, listener);

    [LoggerMessage(51, LogLevel.Warning, "Filter '{Filter}' took {Took:F1} ms, its time_budget is {Budget} ms ({Skipped} more calls over it since this was last said).")]
    private static partial void FilterLate(ILogger logger, string filter, double took, double budget, long skipped);

    public void FilterLate(string filter, double took, double budget, long skipped) => FilterLate(logger, filter, took, budget, skipped);

    [LoggerMessage(30, LogLevel.Information, "Listener '{Listener}' is gone: its connections have up to {Grace} to finish.")]
    private static partial void ListenerRemoved(ILogger logger, string listener, TimeSpan grace);

    public void ListenerRemoved(string listener, TimeSpan grace) => ListenerRemoved(logger, listener, grace);

    [LoggerMessage(31, LogLevel.Information, "Configuration {Version} is in force ({Cause}): {Routes} routes, {Clusters} clusters, {Created} new components; read and compiled in {Milliseconds} ms.")]
    private static partial void ConfigApplied(ILogger logger, long version, string cause, int routes, int clusters, int created, long milliseconds);

    public void ConfigApplied(long version, string cause, int routes, int clusters, int created, TimeSpan time) =>
        ConfigApplied(logger, version, cause, routes, clusters, created, (long)time.TotalMilliseconds);

    [LoggerMessage(32, LogLevel.Error, "The changed configuration is refused ({Cause}), configuration {Version} stays in force:\n{Errors}")]
    private static partial void ConfigRefused(ILogger logger, string cause, long version, string errors);

    public void ConfigRefused(string cause, long version, string errors) => ConfigRefused(logger, cause, version, errors);

    [LoggerMessage(33, LogLevel.Warning, "Changes of 'runtime.inline_completions', 'samples' and 'admin.address' are read at start only: restart to have them.")]
    private static partial void NeedsRestart(ILogger logger);

    public void NeedsRestart() => NeedsRestart(logger);

    [LoggerMessage(34, LogLevel.Error, "A {Component} of a replaced configuration could not be ended.")]
    private static partial void EndFailed(ILogger logger, Exception exception, string component);

    public void EndFailed(Exception exception, string component) => EndFailed(logger, exception, component);

    [LoggerMessage(35, LogLevel.Warning, "What still ran under configuration {Version} is cut: it was replaced {Grace} ago.")]
    private static partial void RetiredCut(ILogger logger, long version, TimeSpan grace);

    public void RetiredCut(long version, TimeSpan grace) => RetiredCut(logger, version, grace);

    [LoggerMessage(36, LogLevel.Error, "Watching the configuration files failed; it goes on.")]
    private static partial void WatchFailed(ILogger logger, Exception exception);

    public void WatchFailed(Exception exception) => WatchFailed(logger, exception);

    [LoggerMessage(40, LogLevel.Debug, "A client of listener '{Listener}' agreed on no protocol (ALPN), and the listener does not speak HTTP/1.")]
    private static partial void NoProtocol(ILogger logger, string listener);

    public void NoProtocol(string listener) => NoProtocol(logger, listener);

    [LoggerMessage(41, LogLevel.Warning, "Listener '{Listener}' does not speak HTTP/3: {Reason}. Its other protocols are served.")]
    private static partial void NoHttp3(ILogger logger, string listener, string reason);

    public void NoHttp3(string listener, string reason) => NoHttp3(logger, listener, reason);

    [LoggerMessage(60, LogLevel.Warning, "Cluster '{Cluster}': endpoint {Endpoint} takes no traffic: {Reason}.")]
    private static partial void EndpointDown(ILogger logger, string cluster, string endpoint, string reason);

    public void EndpointDown(string cluster, string endpoint, string reason) => EndpointDown(logger, cluster, endpoint, reason);

    [LoggerMessage(61, LogLevel.Information, "Cluster '{Cluster}': endpoint {Endpoint} takes traffic again.")]
    private static partial void EndpointUp(ILogger logger, string cluster, string endpoint);

    public void EndpointUp(string cluster, string endpoint) => EndpointUp(logger, cluster, endpoint);

    [LoggerMessage(62, LogLevel.Warning, "Cluster '{Cluster}' does not take a request: {Reason} ({Skipped} more since this was last said).")]
    private static partial void RequestNotTaken(ILogger logger, string cluster, string reason, long skipped);

    public void RequestNotTaken(string cluster, string reason, long skipped) => RequestNotTaken(logger, cluster, reason, skipped);

    [LoggerMessage(65, LogLevel.Warning, "Cluster '{Cluster}' does not repeat a request: {Reason} ({Skipped} more since this was last said).")]
    private static partial void RetryNotTaken(ILogger logger, string cluster, string reason, long skipped);

    public void RetryNotTaken(string cluster, string reason, long skipped) => RetryNotTaken(logger, cluster, reason, skipped);

    [LoggerMessage(63, LogLevel.Warning, "Cluster '{Cluster}': the circuit breaker is open for {Time}: {Condition}.")]
    private static partial void BreakerOpened(ILogger logger, string cluster, TimeSpan time, string condition);

    public void BreakerOpened(string cluster, string condition, TimeSpan time) => BreakerOpened(logger, cluster, time, condition);

    [LoggerMessage(66, LogLevel.Warning, "Cluster '{Cluster}': the circuit breaker stays open: a probe failed.")]
    private static partial void BreakerReopened(ILogger logger, string cluster);

    public void BreakerReopened(string cluster) => BreakerReopened(logger, cluster);

    [LoggerMessage(64, LogLevel.Information, "Cluster '{Cluster}': the circuit breaker is closed.")]
    private static partial void BreakerClosed(ILogger logger, string cluster);

    public void BreakerClosed(string cluster) => BreakerClosed(logger, cluster);
}
