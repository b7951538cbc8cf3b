using System.Buffers;
using System.Text;

namespace FilterProxy.Filters.AccessLog;

/// <summary>A line that is one JSON object: the default fields in a fixed order, then those of the options.</summary>
internal sealed class JsonLineFormat : ILineFormat
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    // None of them can hold credentials. The query string of "path" may: the README says how to leave it out.
    private static readonly (string Name, string Value, bool IsNumber)[] Defaults =
    [
        ("time", "%START_TIME%", false),
        ("client", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", false),
        ("method", "%METHOD%", false),
        ("authority", "%REQ(:AUTHORITY)%", false),
        ("path", "%PATH(WQ:ORIG)%", false),
        ("protocol", "%PROTOCOL%", false),
        ("status", "%RESPONSE_CODE%", true),
        ("flags", "%RESPONSE_FLAGS%", false),
        ("details", "%RESPONSE_CODE_DETAILS%", false),
        ("bytes_received", "%BYTES_RECEIVED%", true),
        ("bytes_sent", "%BYTES_SENT%", true),
        ("duration_ms", "%DURATION%", true),
        ("response_duration_ms", "%RESPONSE_DURATION%", true),
        ("route", "%ROUTE_NAME%", false),
        ("cluster", "%UPSTREAM_CLUSTER%", false),
        ("upstream", "%UPSTREAM_HOST%", false),
        ("attempts", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%", true),
        ("user_agent", "%REQ(user-agent)%", false),
        ("request_id", "%REQUEST_ID%", false),
        ("trace_id", "%TRACE_ID%", false),
        ("listener", "%LISTENER_NAME%", false),
        ("connection", "%CONNECTION_ID%", false),
    ];

    private readonly JsonField[] _fields;

    public JsonLineFormat(IReadOnlyDictionary<string, Template> fields)
    {
        var defaults = Defaults.Select(d => fields.TryGetValue(d.Name, out var own)
            ? new JsonField(d.Name, own, false)
            : new JsonField(d.Name, Template.Parse(d.Value), d.IsNumber));
        var added = fields.Where(f => Defaults.All(d => d.Name != f.Key)).Select(f => new JsonField(f.Key, f.Value, false));
        _fields = [.. defaults, .. added];
    }

    public void Write(HttpExchange exchange, IBufferWriter<byte> output)
    {
        var scratch = _scratch ??= new ArrayBufferWriter<byte>(512);
        for (var i = 0; i < _fields.Length; i++)
        {
            var field = _fields[i];
            output.Write(i == 0 ? "{"u8 : ","u8);
            output.Write(field.Prefix);
            scratch.ResetWrittenCount();
            if (!field.Value.TryFormat(exchange, scratch))
            {
                output.Write("null"u8);
            }
            else if (field.IsNumber)
            {
                output.Write(scratch.WrittenSpan);
            }
            else
            {
                JsonText.Write(scratch.WrittenSpan, output);
            }
        }

        output.Write("}\n"u8);
    }

    private sealed class JsonField(string name, Template value, bool isNumber)
    {
        /// <summary>The name as it stands in the line: <c>"name":</c>.</summary>
        public byte[] Prefix { get; } = BuildPrefix(name);

        public Template Value { get; } = value;

        public bool IsNumber { get; } = isNumber;

        private static byte[] BuildPrefix(string name)
        {
            var output = new ArrayBufferWriter<byte>();
            JsonText.Write(Encoding.UTF8.GetBytes(name), output);
            output.Write(":"u8);
            return output.WrittenSpan.ToArray();
        }
    }
}
