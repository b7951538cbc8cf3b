using System.Buffers;
using System.Text;
using static FilterProxy.TemplateArguments;
using static FilterProxy.TemplateOperator;

namespace FilterProxy;

/// <summary>The table of operators. A new operator is a new row.</summary>
internal static class TemplateOperators
{
    private static readonly TemplateOperator[] Rows =
    [
        // Time and size.
        new("START_TIME", Optional, TemplateKind.Plain, (string a, TemplateMask? _, out string e) => TemplateTime.Bind(a, static x => x.Stats.StartTime, out e)),
        new("EMIT_TIME", Optional, TemplateKind.Plain, (string a, TemplateMask? _, out string e) => TemplateTime.Bind(a, static x => x.Stats.TimeProvider.GetUtcNow(), out e)),
        Number("DURATION", static (x, o) => o.WriteNumber((long)x.Stats.Duration.TotalMilliseconds)),
        Number("REQUEST_DURATION", static (x, o) => TemplateTime.WriteBetween(x, x.Stats.Started, x.Stats.RequestEnded, o)),
        Number("RESPONSE_DURATION", static (x, o) => TemplateTime.WriteBetween(x, x.Stats.Started, x.Stats.ResponseStarted, o)),
        Number("RESPONSE_TX_DURATION", static (x, o) => TemplateTime.WriteBetween(x, x.Stats.ResponseStarted, x.Stats.Ended, o)),
        new("COMMON_DURATION", Required, TemplateKind.Number, TemplateTime.BindBetween),
        Number("BYTES_RECEIVED", static (x, o) => o.WriteNumber(x.Stats.RequestBodyBytes)),
        Number("BYTES_SENT", static (x, o) => o.WriteNumber(x.Stats.ResponseBodyBytes)),
        Number("REQUEST_HEADERS_BYTES", static (x, o) => o.WriteNumber(x.Stats.RequestHeadBytes)),
        Number("RESPONSE_HEADERS_BYTES", static (x, o) => o.WriteNumber(x.Stats.ResponseHeadBytes)),

        // Result.
        Plain("PROTOCOL", static (x, o) => o.WriteBytes(TemplateRequest.Protocol(x.Request.Version))),
        Number("RESPONSE_CODE", static (x, o) => o.WriteNumber(x.Response.StatusCode)),
        Text("RESPONSE_CODE_DETAILS", static (x, o) => o.WriteText(x.Stats.Reason)),
        Plain("RESPONSE_FLAGS", static (x, o) => TemplateFlags.Write(x.Stats.Flags, o)),
        Plain("RESPONSE_FLAGS_LONG", static (x, o) => TemplateFlags.WriteLong(x.Stats.Flags, o)),
        Text("CONNECTION_TERMINATION_DETAILS", TemplateFlags.WriteTermination),
        new("GRPC_STATUS", Optional, TemplateKind.Text, TemplateGrpc.BindStatus),
        Number("GRPC_STATUS_NUMBER", TemplateGrpc.WriteNumber),
        Number("UPSTREAM_REQUEST_ATTEMPT_COUNT", static (x, o) => o.WriteNumber(x.Stats.AttemptCount)),
        Text("UPSTREAM_TRANSPORT_FAILURE_REASON", static (x, o) => x.Error.Source == ErrorSource.Upstream && o.WriteText(x.Error.Detail)),

        // Heads.
        new("REQ", Required, TemplateKind.Text, TemplateHeaders.BindRequest),
        new("REQUEST_HEADER", Required, TemplateKind.Text, TemplateHeaders.BindRequest),
        new("RESP", Required, TemplateKind.Text, TemplateHeaders.BindResponse),
        new("RESPONSE_HEADER", Required, TemplateKind.Text, TemplateHeaders.BindResponse),
        new("TRAILER", Required, TemplateKind.Text, TemplateHeaders.BindTrailer),
        new("RESPONSE_TRAILER", Required, TemplateKind.Text, TemplateHeaders.BindTrailer),
        new("PATH", Optional, TemplateKind.Text, TemplateRequest.BindPath),
        new("QUERY_PARAM", Required, TemplateKind.Text, TemplateRequest.BindQueryParameter),
        new("COOKIE", Required, TemplateKind.Text, TemplateRequest.BindCookie),
        Text("METHOD", static (x, o) => o.WriteBytes(x.Request.Method)),
        new("QUERY", None, TemplateKind.Text, TemplateRequest.BindQuery),
        Text("HOST", static (x, o) => TemplateRequest.WriteHost(x.Request.Authority, o)),
        Text("REQUEST_ID", static (x, o) => TemplateHeaders.Write(x.Request.Headers, KnownHeader.XRequestId, o)),
        Text("TRACE_ID", static (x, o) => TemplateTrace.WriteTraceId(x, o)),
        Text("SPAN_ID", static (x, o) => TemplateTrace.WriteSpanId(x, o)),

        // Route and upstream.
        Text("ROUTE_NAME", static (x, o) => o.WriteText(x.RouteName)),
        Text("UPSTREAM_CLUSTER", static (x, o) => o.WriteText(x.Cluster?.Name)),
        Text("UPSTREAM_HOST", static (x, o) => TemplateAddress.WriteEndpoint(x.Peer?.Endpoint, o)),
        Text("UPSTREAM_HOST_NAME", static (x, o) => o.WriteText(x.Peer?.Endpoint.Name)),
        Text("UPSTREAM_HOST_NAME_WITHOUT_PORT", static (x, o) => TemplateAddress.WriteHostName(x.Peer?.Endpoint, o)),
        Text("UPSTREAM_HOSTS_ATTEMPTED", TemplateAddress.WriteAttempted),

        // Downstream. REMOTE is the client, DIRECT_REMOTE the other end of the connection.
        Plain("DOWNSTREAM_REMOTE_ADDRESS", static (x, o) => TemplateAddress.Write(x.Downstream.Client(), x.Downstream.ClientPort(), o)),
        Plain("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", static (x, o) => TemplateAddress.WriteClient(x.Downstream, o)),
        Number("DOWNSTREAM_REMOTE_PORT", static (x, o) => TemplateAddress.WritePort(x.Downstream.Client(), x.Downstream.ClientPort(), o)),
        Plain("DOWNSTREAM_DIRECT_REMOTE_ADDRESS", static (x, o) => TemplateAddress.Write(x.Downstream.RemoteAddress, x.Downstream.RemotePort, o)),
        Plain("DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", static (x, o) => TemplateAddress.Write(x.Downstream.RemoteAddress, o)),
        Number("DOWNSTREAM_DIRECT_REMOTE_PORT", static (x, o) => TemplateAddress.WritePort(x.Downstream.RemoteAddress, x.Downstream.RemotePort, o)),
        Plain("DOWNSTREAM_LOCAL_ADDRESS", static (x, o) => TemplateAddress.Write(x.Downstream.LocalAddress, x.Downstream.LocalPort, o)),
        Plain("DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", static (x, o) => TemplateAddress.Write(x.Downstream.LocalAddress, o)),
        Number("DOWNSTREAM_LOCAL_PORT", static (x, o) => TemplateAddress.WritePort(x.Downstream.LocalAddress, x.Downstream.LocalPort, o)),
        Plain("DOWNSTREAM_TLS_VERSION", static (x, o) => o.WriteText(TemplateRequest.TlsVersion(x.Downstream.TlsProtocol))),
        Plain("DOWNSTREAM_TLS_CIPHER", static (x, o) => o.WriteText(TemplateRequest.TlsCipher(x.Downstream.TlsCipher))),
        Text("DOWNSTREAM_PEER_SUBJECT", static (x, o) => o.WriteText(x.Downstream.ClientCertificate?.Subject)),
        Text("DOWNSTREAM_PEER_ISSUER", static (x, o) => o.WriteText(x.Downstream.ClientCertificate?.Issuer)),
        Text("DOWNSTREAM_PEER_SERIAL", static (x, o) => o.WriteText(x.Downstream.ClientCertificate?.SerialNumber)),
        Text("DOWNSTREAM_PEER_FINGERPRINT_256", static (x, o) => o.WriteText(x.Downstream.ClientCertificateDetails?.Sha256)),
        Text("DOWNSTREAM_PEER_DNS_SAN", static (x, o) => TemplateRequest.WriteList(x.Downstream.ClientCertificateDetails?.DnsNames, o)),
        Text("DOWNSTREAM_PEER_URI_SAN", static (x, o) => TemplateRequest.WriteList(x.Downstream.ClientCertificateDetails?.Uris, o)),
        Text("DOWNSTREAM_PEER_EMAIL_SAN", static (x, o) => TemplateRequest.WriteList(x.Downstream.ClientCertificateDetails?.EmailAddresses, o)),
        Text("REQUESTED_SERVER_NAME", static (x, o) => o.WriteText(x.Downstream.ServerName)),
        new("PROXY_PROTOCOL_TLV", Required, TemplateKind.Text, TemplateProxyProtocol.BindTlv),
        Text("LISTENER_NAME", static (x, o) => o.WriteText(x.Downstream.ListenerName)),
        Plain("CONNECTION_ID", static (x, o) => o.WriteText(x.Downstream.ConnectionId)),

        // What filters found out.
        new("DYNAMIC_METADATA", Required, TemplateKind.Text, TemplateFacts.BindMetadata),
        new("CLAIM", Required, TemplateKind.Text, TemplateFacts.BindClaim),

        // This process.
        new("HOSTNAME", None, TemplateKind.Text, TemplateFacts.BindHostName, IsConstant: true),
        new("ENVIRONMENT", Required, TemplateKind.Text, TemplateFacts.BindEnvironment, IsConstant: true),
    ];

    private static readonly Dictionary<string, TemplateOperator> ByName = Rows.ToDictionary(row => row.Name, StringComparer.Ordinal);

    /// <summary>All names, for documentation and tests.</summary>
    public static IEnumerable<string> Names => Rows.Select(row => row.Name);

    public static TemplateSegment? Bind(string name, string? argument, TemplateMask? mask, int maxLength, out string error)
    {
        if (!ByName.TryGetValue(name, out var row))
        {
            var near = ByName.Keys.MinBy(candidate => Distance(name, candidate))!;
            error = $"unknown operator '{name}'" + (Distance(name, near) <= Math.Max(2, name.Length / 3) ? $" (did you mean '{near}'?)" : "");
            return null;
        }

        if (row.Arguments == None && argument is not null)
        {
            error = $"operator '{name}' takes no argument";
            return null;
        }

        if (row.Arguments == Required && string.IsNullOrWhiteSpace(argument))
        {
            error = $"operator '{name}' needs an argument, as in %{name}(x)%";
            return null;
        }

        if (row.Bind(argument ?? "", mask, out error) is not { } value)
        {
            error = $"operator '{name}': {error}";
            return null;
        }

        if (row.IsConstant)
        {
            return Evaluate(value, maxLength);
        }

        // An argument may become part of the value: the text between a time's specifiers.
        var kind = TemplateOutput.IsPlain(Encoding.UTF8.GetBytes(argument ?? "")) ? row.Kind : TemplateKind.Text;
        return new TemplateSegment(value, kind, maxLength);
    }

    private static TemplateSegment Evaluate(TemplateValue value, int maxLength)
    {
        var output = new ArrayBufferWriter<byte>();
        return new TemplateSegment(value(null!, output) ? TemplateOutput.Truncate(output.WrittenSpan, maxLength).ToArray() : [(byte)'-']);
    }

    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substituted = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
