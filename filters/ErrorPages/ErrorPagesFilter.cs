using System.Buffers;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Http;
using FilterProxy.Filters.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace FilterProxy.Filters.ErrorPages;

/// <summary>Gives errors a body of the operator's: a page for people, problem details for programs (RFC 9457). Status and fields stay.</summary>
[Component("error_pages")]
public sealed class ErrorPagesFilter : IResponseFilter
{
    private const string Plain = """
        <!doctype html>
        <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{status} {title}</title>
        <style>body{font:1rem/1.5 system-ui,sans-serif;margin:20vh auto;max-width:36rem;padding:0 1rem}p{color:#555}</style>
        <h1>{status} {title}</h1>
        <p>{reason}%REQUEST_ID%</p>
        </html>

        """;

    private readonly ErrorPagesOptions _options;
    private readonly Template?[] _pages = new Template?[600];

    /// <summary>Reads the files.</summary>
    /// <exception cref="ArgumentException">One cannot be read, or is no template.</exception>
    public ErrorPagesFilter(ErrorPagesOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        var common = options.HtmlFile is { } file ? Read(context.UseFile(file)) : options.Html;
        for (var status = 400; status < _pages.Length; status++)
        {
            _pages[status] = options.Pages.TryGetValue(status, out var own) ? Read(context.UseFile(own)) : common ?? PlainPage(status);
        }
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        var status = exchange.Response.StatusCode;
        if (status < 400 || !IsWanted(exchange, status) || IsGrpc(exchange))
        {
            return default;
        }

        var body = new ArrayBufferWriter<byte>(1024);
        var kind = Negotiation.Choose(exchange.Request.Headers, _options.Otherwise);
        if (kind == PageKind.Html)
        {
            _pages[status]!.Format(exchange, body, Escapes.Html);
        }
        else
        {
            WriteProblem(exchange, status, body);
        }

        // What described the body that goes describes nothing now.
        var headers = exchange.Response.Headers;
        headers.Remove(KnownHeader.ContentEncoding);
        headers.Remove(KnownHeader.ContentLanguage);
        headers.Remove(KnownHeader.ContentDisposition);
        headers.Remove(KnownHeader.ContentRange);
        headers.Remove(KnownHeader.ETag);
        headers.Remove(KnownHeader.LastModified);
        headers.Remove(KnownHeader.ContentLength);
        ChangedBody.Describe(headers);
        headers.Set(KnownHeader.ContentType, kind == PageKind.Html ? "text/html; charset=utf-8"u8 : "application/problem+json"u8);
        headers.Append(KnownHeader.Vary, "Accept"u8);
        exchange.ReplaceBody(new ReadOnlySequence<byte>(body.WrittenMemory));
        return default;
    }

    private bool IsWanted(HttpExchange exchange, int status)
    {
        if (exchange.HasReply ? !_options.Local : !_options.Upstream)
        {
            return false;
        }

        foreach (var range in _options.Statuses)
        {
            if (range.Contains(status))
            {
                return true;
            }
        }

        return false;
    }

    // A gRPC client reads the status in the trailers and no body.
    private static bool IsGrpc(HttpExchange exchange) =>
        (exchange.Request.Headers.TryGet(KnownHeader.ContentType, out var sent) && sent.StartsWith("application/grpc"u8))
        || (exchange.Response.Headers.TryGet(KnownHeader.ContentType, out var type) && type.StartsWith("application/grpc"u8));

    private void WriteProblem(HttpExchange exchange, int status, ArrayBufferWriter<byte> output)
    {
        var reason = exchange.HasReply && _options.ShowReason ? exchange.Stats.Reason : "";
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("type"u8, _options.ProblemType is { } type && reason.Length > 0 ? type + reason : "about:blank");
        json.WriteString("title"u8, TitleOf(status));
        json.WriteNumber("status"u8, status);
        if (reason.Length > 0)
        {
            json.WriteString("reason"u8, reason);
        }

        if (exchange.Request.Headers.TryGet(KnownHeader.XRequestId, out var id))
        {
            json.WriteString("request_id"u8, Encoding.Latin1.GetString(id));
        }

        json.WriteEndObject();
    }

    private static string TitleOf(int status) => ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : "Error";

    private Template PlainPage(int status) => Template.Parse(Plain
        .Replace("%", "%%", StringComparison.Ordinal).Replace("%%REQUEST_ID%%", "%REQUEST_ID%", StringComparison.Ordinal)
        .Replace("{status}", status.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{title}", TitleOf(status), StringComparison.Ordinal)
        .Replace("{reason}", _options.ShowReason ? "%RESPONSE_CODE_DETAILS% · " : "", StringComparison.Ordinal));

    private static Template Read(string path) =>
        Template.TryParse(OptionFile.Read(path, File.ReadAllText), out var template, out var error)
            ? template
            : throw new ArgumentException($"{path}: {error[..Math.Min(error.Length, 200)]} (a percent sign is written '%%')");
}
