using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Sends lines as records of OpenTelemetry logs: one request for each batch (OTLP/HTTP with protobuf).</summary>
internal sealed class OtlpLogTarget(OtlpLogOptions options) : ILogTarget
{
    // SeverityNumber of the protocol.
    private const ulong Info = 9, Error = 17;
    private readonly HttpClient _client = new(new SocketsHttpHandler { ActivityHeadersPropagator = null, AllowAutoRedirect = false }) { Timeout = options.Timeout };
    private readonly Uri _address = new($"{options.Endpoint.ToString().TrimEnd('/')}/v1/logs");

    public void Open()
    {
    }

    public void Write(ReadOnlySpan<byte> lines)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ByteArrayContent(Encode(lines)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        foreach (var (name, value) in options.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead);
            if (!response.IsSuccessStatusCode)
            {
                throw new IOException($"{_address} answered {(int)response.StatusCode}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            throw new IOException($"{_address}: {e.Message}", e);
        }
    }

    public void FollowName()
    {
    }

    public void Close()
    {
    }

    public void Dispose() => _client.Dispose();

    // ExportLogsServiceRequest { resource_logs { resource { attributes }, scope_logs { scope { name }, log_records } } }
    private byte[] Encode(ReadOnlySpan<byte> lines)
    {
        var scope = new ProtobufFields();
        scope.Text(1, "FilterProxy.AccessLog");
        var scopeLogs = new ProtobufFields();
        scopeLogs.Message(1, scope);
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf((byte)'\n');
            scopeLogs.Message(2, Record(lines[..end]));
            lines = lines[(end + 1)..];
        }

        var attribute = new ProtobufFields();
        attribute.Text(1, "service.name");
        attribute.Message(2, AnyText(Encoding.UTF8.GetBytes(options.ServiceName)));
        var resource = new ProtobufFields();
        resource.Message(1, attribute);
        var resourceLogs = new ProtobufFields();
        resourceLogs.Message(1, resource);
        resourceLogs.Message(2, scopeLogs);
        var request = new ProtobufFields();
        request.Message(1, resourceLogs);
        return request.ToArray();
    }

    private static ProtobufFields Record(ReadOnlySpan<byte> line)
    {
        _ = Utf8Parser.TryParse(line[..OtlpLineFormat.GraveAt], out ulong time, out _, 'x');
        var isError = line[OtlpLineFormat.GraveAt] == (byte)'E';
        var record = new ProtobufFields();
        record.Fixed64(1, time);
        record.Number(2, isError ? Error : Info);
        record.Text(3, isError ? "ERROR" : "INFO");
        record.Message(5, AnyText(line[OtlpLineFormat.Length..]));
        var trace = line[OtlpLineFormat.TraceAt..OtlpLineFormat.SpanAt];
        if (trace.ContainsAnyExcept((byte)'0'))
        {
            record.Bytes(9, Convert.FromHexString(Encoding.ASCII.GetString(trace)));
            record.Bytes(10, Convert.FromHexString(Encoding.ASCII.GetString(line[OtlpLineFormat.SpanAt..OtlpLineFormat.Length])));
        }

        record.Fixed64(11, time);
        return record;
    }

    private static ProtobufFields AnyText(ReadOnlySpan<byte> text)
    {
        var any = new ProtobufFields();
        any.Bytes(1, text);
        return any;
    }
}
