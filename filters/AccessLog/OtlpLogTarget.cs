using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;
using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Sends lines as records of OpenTelemetry logs: one request for each batch (OTLP/HTTP with protobuf).</summary>
internal sealed class OtlpLogTarget(OtlpLogOptions options) : ILogTarget
{
    // SeverityNumber of the protocol.
    private const int Info = 9, Error = 17;
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
        var scoped = new WireWriter();
        Message(scoped, 1, scope => Text(scope, 1, "FilterProxy.AccessLog"));
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf((byte)'\n');
            scoped.Tag(2, WireType.Length);
            scoped.Bytes(Record(lines[..end]));
            lines = lines[(end + 1)..];
        }

        var resourceLogs = new WireWriter();
        Message(resourceLogs, 1, resource => Message(resource, 1, pair =>
        {
            Text(pair, 1, "service.name");
            Message(pair, 2, value => Text(value, 1, options.ServiceName));
        }));
        resourceLogs.Tag(2, WireType.Length);
        resourceLogs.Bytes(scoped.Written);
        var request = new WireWriter();
        request.Tag(1, WireType.Length);
        request.Bytes(resourceLogs.Written);
        return request.Written.ToArray();
    }

    private static byte[] Record(ReadOnlySpan<byte> line)
    {
        var record = new WireWriter();
        _ = Utf8Parser.TryParse(line[..OtlpLineFormat.GraveAt], out ulong time, out _, 'x');
        var isError = line[OtlpLineFormat.GraveAt] == (byte)'E';
        record.Tag(1, WireType.Fixed64);
        record.Fixed64(time);
        record.Tag(2, WireType.Varint);
        record.Varint((ulong)(isError ? Error : Info));
        Text(record, 3, isError ? "ERROR" : "INFO");
        record.Tag(5, WireType.Length);
        var body = new WireWriter();
        body.Tag(1, WireType.Length);
        body.Bytes(line[OtlpLineFormat.Length..]);
        record.Bytes(body.Written);
        var trace = line[OtlpLineFormat.TraceAt..OtlpLineFormat.SpanAt];
        if (trace.ContainsAnyExcept((byte)'0'))
        {
            record.Tag(9, WireType.Length);
            record.Bytes(Convert.FromHexString(Encoding.ASCII.GetString(trace)));
            record.Tag(10, WireType.Length);
            record.Bytes(Convert.FromHexString(Encoding.ASCII.GetString(line[OtlpLineFormat.SpanAt..OtlpLineFormat.Length])));
        }

        record.Tag(11, WireType.Fixed64);
        record.Fixed64(time);
        return record.Written.ToArray();
    }

    private static void Message(WireWriter into, int number, Action<WireWriter> write)
    {
        var inner = new WireWriter();
        write(inner);
        into.Tag(number, WireType.Length);
        into.Bytes(inner.Written);
    }

    private static void Text(WireWriter into, int number, string text)
    {
        into.Tag(number, WireType.Length);
        into.Text(text);
    }
}
