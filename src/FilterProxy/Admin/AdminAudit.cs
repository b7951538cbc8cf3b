using FilterProxy.Core.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Host.Admin;

/// <summary>Says in the log who changed what over the admin API, and who was refused.</summary>
internal sealed partial class AdminAudit(ILoggerFactory loggers)
{
    private const int Longest = 300;
    private readonly ILogger _logger = loggers.CreateLogger(LogLevels.AuditCategory);
    private Sampler _refusals;

    /// <summary>A change was asked for.</summary>
    public void Changed(HttpContext context, string outcome) => Changed(_logger, AdminCaller.Describe(context), What(context), outcome);

    /// <summary>A change was made.</summary>
    /// <param name="context">The request.</param>
    /// <param name="outcome">What there is now.</param>
    /// <param name="warning">What the operator may not have meant; null for nothing.</param>
    public IResult Done(HttpContext context, string outcome, string? warning = null)
    {
        Changed(context, warning is null ? outcome : $"{outcome}; {warning}");
        return EndpointInfo.Ok(new AdminDone(outcome, warning));
    }

    /// <summary>A change was asked for and is not made.</summary>
    public IResult Refuse(HttpContext context, int status, string code, string message)
    {
        Changed(context, $"not done, {code}: {message}");
        return EndpointInfo.Refuse(status, code, message);
    }

    /// <summary>Somebody was not let in. Said now and then only: anybody can cause it.</summary>
    public void Refused(HttpContext context, string reason)
    {
        if (_refusals.TryTake(Environment.TickCount64, out var skipped))
        {
            Refused(_logger, AdminCaller.Describe(context), What(context), reason, skipped);
        }
    }

    public void Failed(Exception exception, HttpContext context) => Failed(_logger, exception, What(context));

    private static string What(HttpContext context)
    {
        var what = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
        return string.Concat(what.Length > Longest ? what.AsSpan(0, Longest) : what, what.Length > Longest ? "…" : "").ReplaceLineEndings("↵");
    }

    [LoggerMessage(60, LogLevel.Information, "Admin: {Who} asked for {What}: {Outcome}")]
    private static partial void Changed(ILogger logger, string who, string what, string outcome);

    [LoggerMessage(61, LogLevel.Warning, "Admin: {Who} was refused {What}: {Reason} ({Skipped} more refused since this was last said)")]
    private static partial void Refused(ILogger logger, string who, string what, string reason, long skipped);

    [LoggerMessage(62, LogLevel.Error, "Admin: {What} failed.")]
    private static partial void Failed(ILogger logger, Exception exception, string what);
}
