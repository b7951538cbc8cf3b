using FilterProxy.Core.Telemetry.Tracing;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Core.Telemetry;

/// <summary>What the engine says in the log. What happens per request is in the access log.</summary>
internal sealed partial class Log(ILogger logger)
{
    [LoggerMessage(1, LogLevel.Error, "Filter '{Filter}' failed on route '{Route}'.")]
    public partial void FilterFailure(Exception exception, string filter, string route);

    [LoggerMessage(2, LogLevel.Error, "The engine failed on connection {Connection}.")]
    public partial void EngineFailure(Exception exception, string connection);

    [LoggerMessage(3, LogLevel.Information, "Listening on {Address} (listener '{Listener}').")]
    public partial void Listening(string address, string listener);

    [LoggerMessage(4, LogLevel.Warning,
        "Listener '{Listener}' closed a connection: {Limit} is {Value} ({Skipped} more closed since this was last said).")]
    public partial void ConnectionLimit(string listener, string limit, int value, long skipped);

    [LoggerMessage(20, LogLevel.Warning,
        "Listener '{Listener}' closed a connection of {Client}: connections_per_client is {Value} ({Skipped} more closed since this was last said).")]
    public partial void ClientLimit(string listener, string client, int value, long skipped);

    [LoggerMessage(22, LogLevel.Error,
        "Listener '{Listener}' pauses accepting: file descriptors run out; raise the limit (ulimit -n, LimitNOFILE) or lower connections_in_all ({Skipped} more pauses since this was last said).")]
    public partial void OutOfDescriptors(string listener, long skipped);

    [LoggerMessage(21, LogLevel.Information,
        "Listener '{Listener}': a TLS handshake of {Client} failed: {Reason} {Detail} ({Skipped} more of this kind since this was last said).")]
    public partial void TlsHandshakeFailed(string listener, string client, string reason, string detail, long skipped);

    [LoggerMessage(42, LogLevel.Information,
        "Listener '{Listener}': an HTTP/2 {Scope} of {Client} was refused: {Reason}. {Detail} ({Skipped} more of this kind since this was last said).")]
    public partial void Http2Refused(string listener, string scope, string client, string reason, string detail, long skipped);

    [LoggerMessage(23, LogLevel.Error,
        "Listener '{Listener}': a certificate source failed for '{ServerName}' ({Skipped} more failures since this was last said).")]
    public partial void CertificateSourceFailed(Exception exception, string listener, string serverName, long skipped);

    [LoggerMessage(26, LogLevel.Warning,
        "Listener '{Listener}': the certificate of '{Subject}' (serial {Serial}) expires on {NotAfter:yyyy-MM-dd HH:mm}Z.")]
    private partial void CertificateExpires(string listener, string subject, string serial, DateTime notAfter);

    [LoggerMessage(27, LogLevel.Error,
        "Listener '{Listener}': the certificate of '{Subject}' (serial {Serial}) expired on {NotAfter:yyyy-MM-dd HH:mm}Z and is served all the same.")]
    private partial void CertificateExpired(string listener, string subject, string serial, DateTime notAfter);

    public void CertificateExpires(string listener, string subject, string serial, DateTime notAfter, bool isOver)
    {
        if (isOver)
        {
            CertificateExpired(listener, subject, serial, notAfter);
        }
        else
        {
            CertificateExpires(listener, subject, serial, notAfter);
        }
    }

    [LoggerMessage(24, LogLevel.Warning,
        "Filter '{Filter}' held event loop {Loop} for {Milliseconds} ms{SoFar}: everything else on the loop waited. Let it await, or declare it Blocking = true ({Skipped} more since this was last said).")]
    private partial void LoopHeld(string filter, int loop, long milliseconds, string soFar, long skipped);

    public void LoopHeld(string filter, int loop, TimeSpan held, string soFar, long skipped) =>
        LoopHeld(filter, loop, (long)held.TotalMilliseconds, soFar, skipped);

    [LoggerMessage(70, LogLevel.Warning, "Overload: stage '{Stage}' is entered from '{Before}', because {Resource} is {Value}.")]
    public partial void OverloadStage(string stage, string before, string resource, string value);

    [LoggerMessage(71, LogLevel.Information, "Overload is over: stage '{Before}' is left.")]
    public partial void OverloadOver(string before);

    [LoggerMessage(72, LogLevel.Warning, "Overload: a request of {Priority} priority on route '{Route}' is refused: {Reason} ({Skipped} more since this was last said).")]
    public partial void RequestShed(string priority, string route, string reason, long skipped);

    [LoggerMessage(73, LogLevel.Warning, "Overload: listener '{Listener}' refused a connection ({Skipped} more refused since this was last said).")]
    public partial void OverloadRefusal(string listener, long skipped);

    [LoggerMessage(5, LogLevel.Debug, "Attempt {Attempt} on {Peer} failed: {Kind} {Detail}.")]
    private partial void AttemptFailed(int attempt, string peer, ProxyErrorKind kind, string? detail);

    [LoggerMessage(7, LogLevel.Information, "Attempt {Attempt} on {Peer} failed: {Kind} {Detail} (debugged exchange).")]
    private partial void DebuggedAttemptFailed(int attempt, string peer, ProxyErrorKind kind, string? detail);

    public void AttemptFailed(int attempt, UpstreamPeer peer, in ProxyError error, bool isDebugged = false)
    {
        if (isDebugged)
        {
            DebuggedAttemptFailed(attempt, peer.ToString(), error.Kind, error.Detail);
        }
        else if (logger.IsEnabled(LogLevel.Debug))
        {
            AttemptFailed(attempt, peer.ToString(), error.Kind, error.Detail);
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
    private partial void ExchangeDebugged(
        string requestId, string traceId, string method, string path, string route, int status, string reason, double milliseconds, string phases);

    public void ExchangeDebugged(HttpExchange x, PhaseLog phases) => ExchangeDebugged(
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
    public partial void Draining(int count, TimeSpan grace);

    [LoggerMessage(17, LogLevel.Warning, "The endpoint source of cluster '{Cluster}' failed; its last endpoints stay, next try in {Pause}.")]
    public partial void EndpointSourceFailed(Exception exception, string cluster, TimeSpan pause);

    [LoggerMessage(18, LogLevel.Information, "Cluster '{Cluster}' has {Count} endpoints.")]
    public partial void EndpointsChanged(string cluster, int count);

    [LoggerMessage(19, LogLevel.Warning, "Cluster '{Cluster}' starts without endpoints: its source has not named any yet.")]
    public partial void NoEndpointsYet(string cluster);

    [LoggerMessage(50, LogLevel.Error, "Filter '{Filter}' failed on route '{Route}' and was skipped ({Skipped} more times since this was last said).")]
    public partial void FilterSkipped(Exception exception, string filter, string route, long skipped);

    [LoggerMessage(52, LogLevel.Error, "Connection filter '{Filter}' failed on listener '{Listener}': the connection is ended.")]
    public partial void ConnectionFilterFailure(Exception exception, string filter, string listener);

    [LoggerMessage(51, LogLevel.Warning, "Filter '{Filter}' took {Took:F1} ms, its time_budget is {Budget} ms ({Skipped} more calls over it since this was last said).")]
    public partial void FilterLate(string filter, double took, double budget, long skipped);

    [LoggerMessage(30, LogLevel.Information, "Listener '{Listener}' is gone: its connections have up to {Grace} to finish.")]
    public partial void ListenerRemoved(string listener, TimeSpan grace);

    [LoggerMessage(31, LogLevel.Information, "Configuration {Version} is in force ({Cause}): {Routes} routes, {Clusters} clusters, {Created} new components; read and compiled in {Milliseconds} ms.")]
    private partial void ConfigApplied(long version, string cause, int routes, int clusters, int created, long milliseconds);

    public void ConfigApplied(long version, string cause, int routes, int clusters, int created, TimeSpan time) =>
        ConfigApplied(version, cause, routes, clusters, created, (long)time.TotalMilliseconds);

    [LoggerMessage(32, LogLevel.Error, "The changed configuration is refused ({Cause}), configuration {Version} stays in force:\n{Errors}")]
    public partial void ConfigRefused(string cause, long version, string errors);

    [LoggerMessage(33, LogLevel.Warning, "Changes of 'runtime.inline_completions', 'samples' and 'admin.address' are read at start only: restart to have them.")]
    public partial void NeedsRestart();

    [LoggerMessage(34, LogLevel.Error, "A {Component} of a replaced configuration could not be ended.")]
    public partial void EndFailed(Exception exception, string component);

    [LoggerMessage(35, LogLevel.Warning, "What still ran under configuration {Version} is cut: it was replaced {Grace} ago.")]
    public partial void RetiredCut(long version, TimeSpan grace);

    [LoggerMessage(36, LogLevel.Error, "Watching the configuration files failed; it goes on.")]
    public partial void WatchFailed(Exception exception);

    [LoggerMessage(40, LogLevel.Debug, "A client of listener '{Listener}' agreed on no protocol (ALPN) and no filter took its connection; the listener does not speak HTTP/1.")]
    public partial void NoProtocol(string listener);

    [LoggerMessage(92, LogLevel.Error, "What serves UDP listener '{Listener}' failed: nothing serves it until the configuration changes.")]
    public partial void DatagramServiceFailed(Exception exception, string listener);

    [LoggerMessage(93, LogLevel.Error, "What served UDP listener '{Listener}' was asked to end and has not.")]
    public partial void DatagramServiceStuck(string listener);

    [LoggerMessage(41, LogLevel.Warning, "Listener '{Listener}' does not speak HTTP/3: {Reason}. Its other protocols are served.")]
    public partial void NoHttp3(string listener, string reason);

    [LoggerMessage(60, LogLevel.Warning, "Cluster '{Cluster}': endpoint {Endpoint} takes no traffic: {Reason}.")]
    public partial void EndpointDown(string cluster, string endpoint, string reason);

    [LoggerMessage(61, LogLevel.Information, "Cluster '{Cluster}': endpoint {Endpoint} takes traffic again.")]
    public partial void EndpointUp(string cluster, string endpoint);

    [LoggerMessage(62, LogLevel.Warning, "Cluster '{Cluster}' does not take a request: {Reason} ({Skipped} more since this was last said).")]
    public partial void RequestNotTaken(string cluster, string reason, long skipped);

    [LoggerMessage(65, LogLevel.Warning, "Cluster '{Cluster}' does not repeat a request: {Reason} ({Skipped} more since this was last said).")]
    private static partial void RetryNotTaken(ILogger logger, string cluster, string reason, long skipped);

    public void RetryNotTaken(string cluster, string reason, long skipped) => RetryNotTaken(logger, cluster, reason, skipped);

    [LoggerMessage(63, LogLevel.Warning, "Cluster '{Cluster}': the circuit breaker is open for {Time}: {Condition}.")]
    public partial void BreakerOpened(string cluster, string condition, TimeSpan time);

    [LoggerMessage(66, LogLevel.Warning, "Cluster '{Cluster}': the circuit breaker stays open: a probe failed.")]
    private static partial void BreakerReopened(ILogger logger, string cluster);

    public void BreakerReopened(string cluster) => BreakerReopened(logger, cluster);

    [LoggerMessage(64, LogLevel.Information, "Cluster '{Cluster}': the circuit breaker is closed.")]
    public partial void BreakerClosed(string cluster);
}
