using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>Writes messages as JSON (the ProtoJSON mapping of proto3).</summary>
/// <param name="protoNames">Whether fields are called as in the file rather than in lowerCamelCase.</param>
/// <param name="withDefaults">Whether fields that are not there are written with their defaults.</param>
internal sealed class ProtoToJson(bool protoNames, bool withDefaults)
{
    private const int Deepest = 64;

    /// <exception cref="ProtobufException">The bytes are no message.</exception>
    public void WriteMessage(ReadOnlySpan<byte> bytes, MessageType type, Utf8JsonWriter output, int depth = 0)
    {
        if (depth > Deepest)
        {
            throw new ProtobufException("the message is nested too deeply");
        }

        if (WellKnown.TryWriteJson(bytes, type, output, this, depth))
        {
            return;
        }

        var values = Gather(bytes, type);
        output.WriteStartObject();
        foreach (var field in type.Fields)
        {
            if (values.TryGetValue(field.Number, out var found))
            {
                output.WritePropertyName(protoNames ? field.Name : field.JsonName);
                WriteField(found, field, output, depth);
            }
            else if (withDefaults && !field.HasPresence)
            {
                output.WritePropertyName(protoNames ? field.Name : field.JsonName);
                WriteDefault(field, output);
            }
        }

        output.WriteEndObject();
    }

    /// <summary>Writes one field of a message, without its name.</summary>
    public void WriteMember(ReadOnlySpan<byte> bytes, FieldType field, Utf8JsonWriter output)
    {
        var only = new MessageType("", isMapEntry: false);
        only.Add(field);
        if (Gather(bytes, only).TryGetValue(field.Number, out var found))
        {
            WriteField(found, field, output, 0);
        }
        else
        {
            WriteDefault(field, output);
        }
    }

    /// <summary>Writes one value.</summary>
    public void WriteValue(in ProtoValue value, FieldType field, Utf8JsonWriter output, int depth)
    {
        switch (field.Kind)
        {
            case FieldKind.String:
                // As text: what is not UTF-8 becomes U+FFFD, where the writer would refuse bytes.
                output.WriteStringValue(Encoding.UTF8.GetString(value.Bytes));
                break;
            case FieldKind.Bytes:
                output.WriteBase64StringValue(value.Bytes);
                break;
            case FieldKind.Message:
                WriteMessage(value.Bytes, field.Message!, output, depth + 1);
                break;
            case FieldKind.Bool:
                output.WriteBooleanValue(value.Number != 0);
                break;
            case FieldKind.Enum:
                WriteEnum((int)value.Number, field, output);
                break;
            case FieldKind.Double:
                WriteDouble(BitConverter.UInt64BitsToDouble(value.Number), output);
                break;
            case FieldKind.Float:
                WriteFloat(BitConverter.UInt32BitsToSingle((uint)value.Number), output);
                break;
            default:
                WriteInteger(value.Number, field.Kind, output);
                break;
        }
    }

    private static Dictionary<int, List<ProtoValue>> Gather(ReadOnlySpan<byte> bytes, MessageType type)
    {
        var values = new Dictionary<int, List<ProtoValue>>();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var wire))
        {
            if (type.Find(number) is not { } field || (wire != field.WireType && wire != WireType.Length) || wire == WireType.StartGroup)
            {
                reader.Skip(number, wire);
                continue;
            }

            if (!values.TryGetValue(number, out var list))
            {
                values[number] = list = [];
            }

            if (wire == field.WireType)
            {
                Keep(list, field, ProtoValue.Read(ref reader, wire));
            }
            else
            {
                // Packed, whatever the descriptor says.
                var packed = new WireReader(reader.ReadBytes());
                while (!packed.IsEnd)
                {
                    Keep(list, field, ProtoValue.Read(ref packed, field.WireType));
                }
            }
        }

        return values;
    }

    private static void Keep(List<ProtoValue> list, FieldType field, ProtoValue value)
    {
        if (!field.IsRepeated && list.Count > 0)
        {
            // The last one counts; of a message all parts do.
            list[0] = field.Kind == FieldKind.Message ? new ProtoValue(0, [.. list[0].Bytes, .. value.Bytes]) : value;
        }
        else
        {
            list.Add(value);
        }
    }

    private void WriteField(List<ProtoValue> values, FieldType field, Utf8JsonWriter output, int depth)
    {
        if (field.IsMap)
        {
            WriteMap(values, field, output, depth);
        }
        else if (field.IsRepeated)
        {
            output.WriteStartArray();
            foreach (var value in values)
            {
                WriteValue(value, field, output, depth);
            }

            output.WriteEndArray();
        }
        else
        {
            WriteValue(values[0], field, output, depth);
        }
    }

    private void WriteMap(List<ProtoValue> values, FieldType field, Utf8JsonWriter output, int depth)
    {
        var (keyField, valueField) = (field.Message!.Find(1)!, field.Message.Find(2)!);
        output.WriteStartObject();
        foreach (var entry in values)
        {
            var parts = Gather(entry.Bytes, field.Message);
            output.WritePropertyName(parts.TryGetValue(1, out var key) ? TextOf(key[0], keyField) : keyField.Kind switch
            {
                FieldKind.String => "",
                FieldKind.Bool => "false",
                _ => "0",
            });
            if (parts.TryGetValue(2, out var value))
            {
                WriteValue(value[0], valueField, output, depth + 1);
            }
            else
            {
                WriteDefault(valueField, output);
            }
        }

        output.WriteEndObject();
    }

    private static string TextOf(ProtoValue key, FieldType field) => field.Kind switch
    {
        FieldKind.String => Encoding.UTF8.GetString(key.Bytes),
        FieldKind.Bool => key.Number != 0 ? "true" : "false",
        _ when IsSigned(field.Kind) => SignedOf(key.Number, field.Kind).ToString(CultureInfo.InvariantCulture),
        _ => key.Number.ToString(CultureInfo.InvariantCulture),
    };

    private static void WriteDefault(FieldType field, Utf8JsonWriter output)
    {
        if (field.IsMap)
        {
            output.WriteStartObject();
            output.WriteEndObject();
        }
        else if (field.IsRepeated)
        {
            output.WriteStartArray();
            output.WriteEndArray();
        }
        else if (field.Kind is FieldKind.String or FieldKind.Bytes)
        {
            output.WriteStringValue("");
        }
        else if (field.Kind is FieldKind.Message)
        {
            output.WriteStartObject();
            output.WriteEndObject();
        }
        else
        {
            new ProtoToJson(false, false).WriteValue(new ProtoValue(0, []), field, output, 0);
        }
    }

    private static void WriteEnum(int number, FieldType field, Utf8JsonWriter output)
    {
        if (field.TypeName == "google.protobuf.NullValue")
        {
            output.WriteNullValue();
        }
        else if (field.Enum!.NameOf(number) is { } name)
        {
            output.WriteStringValue(name);
        }
        else
        {
            output.WriteNumberValue(number);
        }
    }

    private static void WriteDouble(double value, Utf8JsonWriter output)
    {
        if (double.IsFinite(value))
        {
            output.WriteNumberValue(value);
        }
        else
        {
            output.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }

    private static void WriteFloat(float value, Utf8JsonWriter output)
    {
        if (float.IsFinite(value))
        {
            output.WriteNumberValue(value);
        }
        else
        {
            WriteDouble(value, output);
        }
    }

    private static void WriteInteger(ulong bits, FieldKind kind, Utf8JsonWriter output)
    {
        // 64 bits are text: a JavaScript number would not hold them.
        switch (kind)
        {
            case FieldKind.Int64 or FieldKind.SFixed64 or FieldKind.SInt64:
                output.WriteStringValue(SignedOf(bits, kind).ToString(CultureInfo.InvariantCulture));
                break;
            case FieldKind.UInt64 or FieldKind.Fixed64:
                output.WriteStringValue(bits.ToString(CultureInfo.InvariantCulture));
                break;
            case FieldKind.UInt32 or FieldKind.Fixed32:
                output.WriteNumberValue((uint)bits);
                break;
            default:
                output.WriteNumberValue(SignedOf(bits, kind));
                break;
        }
    }

    private static bool IsSigned(FieldKind kind) =>
        kind is FieldKind.Int32 or FieldKind.Int64 or FieldKind.SFixed32 or FieldKind.SFixed64 or FieldKind.SInt32 or FieldKind.SInt64;

    private static long SignedOf(ulong bits, FieldKind kind) => kind switch
    {
        FieldKind.SInt32 or FieldKind.SInt64 => (long)(bits >> 1) ^ -(long)(bits & 1),
        FieldKind.Int32 or FieldKind.SFixed32 => (int)bits,
        _ => (long)bits,
    };
}
