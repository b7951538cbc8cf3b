namespace FilterProxy.Filters.AccessLog;

/// <summary>A line of text by a template. What clients control is escaped, so that a line stays a line and a field a field.</summary>
internal sealed class TextLineFormat(Template? template, TemplateMask mask) : ILineFormat
{
    private static readonly Template Default = Template.Parse(
        "[%START_TIME%] \"%METHOD% %PATH(WQ:ORIG)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% "
        + "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESPONSE_DURATION% \"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%\" "
        + "\"%REQ(USER-AGENT)%\" \"%REQUEST_ID%\" \"%REQ(:AUTHORITY)%\" %ROUTE_NAME% %UPSTREAM_CLUSTER% \"%UPSTREAM_HOST%\" %TRACE_ID%");

    // A format copied from Envoy ends with a line feed of its own.
    private readonly Template _template =
        (template is null ? Default : Template.Parse(template.ToString().TrimEnd('\r', '\n'))).WithMask(mask);

    public void Write(HttpExchange exchange, LineBuffer line)
    {
        _template.FormatEscaped(exchange, line);
        line.Append("\n"u8);
    }
}
