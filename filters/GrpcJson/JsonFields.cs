using System.Buffers;
using System.Text.Json;
using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.Filters.GrpcJson;

/// <summary>Fields of a message out of a body, a path and a query.</summary>
internal static class JsonFields
{
    /// <summary>What the rule says the body is.</summary>
    public static void WriteBody(ReadOnlySequence<byte> body, HttpRule rule, MessageType message, WireWriter output)
    {
        if (rule.Body.Length == 0 || body.IsEmpty)
        {
            return;
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            if (rule.Body == "*")
            {
                JsonToProto.WriteMessage(json.RootElement, message, output);
            }
            else
            {
                JsonToProto.WriteField(json.RootElement, message.Find(rule.Body)!, output);
            }
        }
        catch (JsonException e)
        {
            throw new ProtobufException($"the body is not JSON: {e.Message}");
        }
    }

    /// <summary>Sets a field named by a path such as <c>author.name</c>.</summary>
    public static void Write(string path, string value, MessageType message, WireWriter output)
    {
        var dot = path.IndexOf('.');
        var name = dot < 0 ? path : path[..dot];
        var field = message.Find(name) ?? throw new ProtobufException($"{message.Name} has no field '{name}'");
        if (dot < 0)
        {
            if (field.Kind == FieldKind.Message)
            {
                WriteMessageText(value, field, output);
            }
            else
            {
                JsonToProto.WriteText(value, field, output);
            }

            return;
        }

        if (field.Message is null || field.IsRepeated)
        {
            throw new ProtobufException($"'{name}' has no fields");
        }

        // Parts of one message in several pieces are one message to every reader.
        var inner = new WireWriter();
        Write(path[(dot + 1)..], value, field.Message, inner);
        output.Tag(field.Number, WireType.Length);
        output.Bytes(inner.Written);
    }

    /// <summary>The pairs of a query, decoded.</summary>
    public static IEnumerable<(string Name, string Value)> QueryOf(string query)
    {
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=');
            yield return (Decode(equals < 0 ? pair : pair[..equals]), equals < 0 ? "" : Decode(pair[(equals + 1)..]));
        }
    }

    // Times, durations and wrappers are texts in JSON, and so they may stand here.
    private static void WriteMessageText(string value, FieldType field, WireWriter output)
    {
        using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(value));
        var inner = new WireWriter();
        JsonToProto.WriteMessage(json.RootElement, field.Message!, inner);
        output.Tag(field.Number, WireType.Length);
        output.Bytes(inner.Written);
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
