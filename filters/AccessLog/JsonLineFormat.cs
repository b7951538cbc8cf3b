using System.Text;

namespace FilterProxy.Filters.AccessLog;

/// <summary>A line that is one JSON object: the default fields in a fixed order, then those of the options.</summary>
internal sealed class JsonLineFormat : ILineFormat
{
    // None of them can hold credentials once the query of "path" is masked.
    private static readonly (string Name, string Value)[] Defaults =
    [
        ("time", "%START_TIME%"),
        ("client", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ("method", "%METHOD%"),
        ("authority", "%REQ(:AUTHORITY)%"),
        ("path", "%PATH(WQ:ORIG)%"),
        ("protocol", "%PROTOCOL%"),
        ("status", "%RESPONSE_CODE%"),
        ("flags", "%RESPONSE_FLAGS%"),
        ("details", "%RESPONSE_CODE_DETAILS%"),
        ("bytes_received", "%BYTES_RECEIVED%"),
        ("bytes_sent", "%BYTES_SENT%"),
        ("duration_ms", "%DURATION%"),
        ("response_duration_ms", "%RESPONSE_DURATION%"),
        ("route", "%ROUTE_NAME%"),
        ("cluster", "%UPSTREAM_CLUSTER%"),
        ("upstream", "%UPSTREAM_HOST%"),
        ("attempts", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"),
        ("user_agent", "%REQ(user-agent)%"),
        ("request_id", "%REQUEST_ID%"),
        ("trace_id", "%TRACE_ID%"),
        ("listener", "%LISTENER_NAME%"),
        ("connection", "%CONNECTION_ID%"),
    ];

    private readonly JsonField[] _fields;

    public JsonLineFormat(IReadOnlyDictionary<string, Template> fields, bool defaultFields, TemplateMask mask)
    {
        var defaults = defaultFields ? Defaults : [];
        var all = defaults.Select(d => (d.Name, Value: fields.TryGetValue(d.Name, out var own) ? own : Template.Parse(d.Value)))
            .Concat(fields.Where(f => defaults.All(d => d.Name != f.Key)).Select(f => (Name: f.Key, f.Value)));
        _fields = [.. all.Select((field, index) => new JsonField(index == 0, field.Name, field.Value.WithMask(mask)))];
    }

    public void Write(HttpExchange exchange, LineBuffer line)
    {
        foreach (var field in _fields)
        {
            line.Append(field.Prefix);
            var start = line.Length;
            if (!field.Value.TryFormat(exchange, line))
            {
                // A quote was opened for nothing.
                line.Rewind(start - (field.IsNumber ? 0 : 1));
                line.Append("null"u8);
            }
            else if (!field.IsNumber)
            {
                if (!field.IsPlain)
                {
                    JsonText.EscapeFrom(start, line);
                }

                line.Append("\""u8);
            }
        }

        line.Append("}\n"u8);
    }

    private sealed class JsonField(bool isFirst, string name, Template value)
    {
        /// <summary>What stands before the value: <c>,"name":</c>, and a quote unless it is a number.</summary>
        public byte[] Prefix { get; } = BuildPrefix(isFirst, name, value.Kind != TemplateKind.Number);

        public Template Value { get; } = value;

        public bool IsNumber { get; } = value.Kind == TemplateKind.Number;

        public bool IsPlain { get; } = value.Kind != TemplateKind.Text;

        private static byte[] BuildPrefix(bool isFirst, string name, bool isQuoted)
        {
            var line = new LineBuffer();
            line.Append(isFirst ? "{\""u8 : ",\""u8);
            var start = line.Length;
            line.Append(Encoding.UTF8.GetBytes(name));
            JsonText.EscapeFrom(start, line);
            line.Append(isQuoted ? "\":\""u8 : "\":"u8);
            return line.Written.ToArray();
        }
    }
}
