namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>Reads google.api.http annotations (google/api/http.proto).</summary>
internal static class HttpRules
{
    private static readonly string[] Methods = ["", "", "GET", "PUT", "POST", "DELETE", "PATCH"];

    /// <summary>Adds a rule and its additional bindings.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, List<HttpRule> rules)
    {
        string method = "", template = "", body = "", responseBody = "";
        var additional = new List<byte[]>();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case >= 2 and <= 6 when type == WireType.Length:
                    (method, template) = (Methods[number], reader.ReadText());
                    break;
                case 7:
                    body = reader.ReadText();
                    break;
                case 8:
                    (method, template) = Custom(reader.ReadBytes());
                    break;
                case 11:
                    additional.Add(reader.ReadBytes().ToArray());
                    break;
                case 12:
                    responseBody = reader.ReadText();
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        if (method.Length > 0)
        {
            rules.Add(new HttpRule(method, template, body, responseBody));
        }

        additional.ForEach(rule => Read(rule, rules));
    }

    private static (string Method, string Template) Custom(ReadOnlySpan<byte> bytes)
    {
        string kind = "", path = "";
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1:
                    kind = reader.ReadText();
                    break;
                case 2:
                    path = reader.ReadText();
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        return (kind, path);
    }
}
