using System.Globalization;
using System.Text.Json;

namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>Writes messages from their JSON (the ProtoJSON mapping of proto3).</summary>
/// <remarks>Unknown names are errors, nulls are left out. Of the well-known types those in <see cref="WellKnown"/> have a JSON of their own.</remarks>
internal static class JsonToProto
{
    private const int Deepest = 64;

    /// <summary>Adds the fields of a JSON object to a message.</summary>
    /// <exception cref="ProtobufException">The JSON does not fit the message.</exception>
    public static void WriteMessage(JsonElement json, MessageType type, WireWriter output, int depth = 0)
    {
        if (depth > Deepest)
        {
            throw new ProtobufException("the JSON is nested too deeply");
        }

        if (WellKnown.TryWrite(json, type, output, depth))
        {
            return;
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ProtobufException($"{type.Name} is an object");
        }

        foreach (var member in json.EnumerateObject())
        {
            var field = type.Find(member.Name) ?? throw new ProtobufException($"{type.Name} has no field '{member.Name}'");
            WriteField(member.Value, field, output, depth);
        }
    }

    /// <summary>Adds one field, all values of it.</summary>
    public static void WriteField(JsonElement json, FieldType field, WireWriter output, int depth = 0)
    {
        if (json.ValueKind == JsonValueKind.Null && field.Message?.Name != WellKnown.Value)
        {
            return;
        }

        if (field.IsMap)
        {
            WriteMap(json, field, output, depth);
        }
        else if (!field.IsRepeated)
        {
            WriteTagged(json, field, output, depth);
        }
        else
        {
            if (json.ValueKind != JsonValueKind.Array)
            {
                throw new ProtobufException($"'{field.JsonName}' is an array");
            }

            foreach (var item in json.EnumerateArray())
            {
                // Not packed: readers take both forms (encoding guide, "Packed Repeated Fields").
                WriteTagged(item, field, output, depth);
            }
        }
    }

    /// <summary>Adds one value given as text, as paths and queries have it.</summary>
    public static void WriteText(string text, FieldType field, WireWriter output)
    {
        using var json = field.Kind switch
        {
            FieldKind.Bool when text is "true" or "false" => JsonDocument.Parse(text),
            _ => JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(text)),
        };
        WriteTagged(json.RootElement, field, output, 0);
    }

    private static void WriteMap(JsonElement json, FieldType field, WireWriter output, int depth)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ProtobufException($"'{field.JsonName}' is an object");
        }

        var (key, value) = (field.Message!.Find(1)!, field.Message.Find(2)!);
        foreach (var member in json.EnumerateObject())
        {
            var entry = new WireWriter();
            WriteText(member.Name, key, entry);
            WriteTagged(member.Value, value, entry, depth + 1);
            output.Tag(field.Number, WireType.Length);
            output.Bytes(entry.Written);
        }
    }

    private static void WriteTagged(JsonElement json, FieldType field, WireWriter output, int depth)
    {
        if (field.Kind == FieldKind.Group)
        {
            throw new ProtobufException($"'{field.JsonName}' is a group, which has no JSON");
        }

        output.Tag(field.Number, field.WireType);
        switch (field.Kind)
        {
            case FieldKind.String:
                output.Text(json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Wrong(field, "text"));
                break;
            case FieldKind.Bytes:
                output.Bytes(BytesOf(json, field));
                break;
            case FieldKind.Message:
                var inner = new WireWriter();
                WriteMessage(json, field.Message!, inner, depth + 1);
                output.Bytes(inner.Written);
                break;
            case FieldKind.Bool:
                output.Varint(json.ValueKind switch
                {
                    JsonValueKind.True => 1UL,
                    JsonValueKind.False => 0UL,
                    _ => throw Wrong(field, "true or false"),
                });
                break;
            case FieldKind.Enum:
                output.Varint((ulong)(long)EnumOf(json, field));
                break;
            case FieldKind.Double:
                output.Fixed64(BitConverter.DoubleToUInt64Bits(DoubleOf(json, field)));
                break;
            case FieldKind.Float:
                output.Fixed32(BitConverter.SingleToUInt32Bits((float)DoubleOf(json, field)));
                break;
            default:
                WriteInteger(json, field, output);
                break;
        }
    }

    private static void WriteInteger(JsonElement json, FieldType field, WireWriter output)
    {
        switch (field.Kind)
        {
            case FieldKind.UInt64:
                output.Varint(Number<ulong>(json, field));
                break;
            case FieldKind.Fixed64:
                output.Fixed64(Number<ulong>(json, field));
                break;
            case FieldKind.UInt32:
                output.Varint(Number<uint>(json, field));
                break;
            case FieldKind.Fixed32:
                output.Fixed32(Number<uint>(json, field));
                break;
            case FieldKind.Int64:
                output.Varint((ulong)Number<long>(json, field));
                break;
            case FieldKind.SFixed64:
                output.Fixed64((ulong)Number<long>(json, field));
                break;
            case FieldKind.SInt64:
                var wide = Number<long>(json, field);
                output.Varint((ulong)((wide << 1) ^ (wide >> 63)));
                break;
            case FieldKind.Int32:
                output.Varint((ulong)(long)Number<int>(json, field));
                break;
            case FieldKind.SFixed32:
                output.Fixed32((uint)Number<int>(json, field));
                break;
            default:
                var narrow = Number<int>(json, field);
                output.Varint((uint)((narrow << 1) ^ (narrow >> 31)));
                break;
        }
    }

    // Numbers may be texts, as the wide ones always are in JSON.
    private static T Number<T>(JsonElement json, FieldType field)
        where T : struct, System.Numerics.IBinaryInteger<T>
    {
        var text = json.ValueKind switch
        {
            JsonValueKind.Number => json.GetRawText(),
            JsonValueKind.String => json.GetString()!,
            _ => throw Wrong(field, "a number"),
        };
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        // 1e3 and 1.0 are whole numbers too.
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && decimal.IsInteger(value)
            && T.TryParse(value.ToString("0", CultureInfo.InvariantCulture), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
            ? number
            : throw Wrong(field, "a whole number in its range");
    }

    private static double DoubleOf(JsonElement json, FieldType field) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.String => json.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            var text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => throw Wrong(field, "a number"),
        },
        _ => throw Wrong(field, "a number"),
    };

    private static int EnumOf(JsonElement json, FieldType field) => json.ValueKind switch
    {
        JsonValueKind.Number when json.TryGetInt32(out var number) => number,
        JsonValueKind.String when field.Enum!.NumberOf(json.GetString()!) is { } known => known,
        JsonValueKind.String when int.TryParse(json.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Wrong(field, $"a value of {field.TypeName}"),
    };

    // Both alphabets of base64, padded or not.
    private static byte[] BytesOf(JsonElement json, FieldType field)
    {
        var text = json.ValueKind == JsonValueKind.String ? json.GetString()!.Replace('-', '+').Replace('_', '/').TrimEnd('=') : throw Wrong(field, "base64");
        try
        {
            return Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            throw Wrong(field, "base64");
        }
    }

    private static ProtobufException Wrong(FieldType field, string expected) => new($"'{field.JsonName}' is {expected}");
}
