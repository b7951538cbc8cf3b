using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>The well-known types whose JSON is not that of their fields: times, durations, wrappers, and any JSON at all.</summary>
internal static class WellKnown
{
    /// <summary>google.protobuf.Value, for which null is a value.</summary>
    public const string Value = "google.protobuf.Value";

    private const string Timestamp = "google.protobuf.Timestamp";
    private const string Duration = "google.protobuf.Duration";
    private const string Struct = "google.protobuf.Struct";
    private const string ListValue = "google.protobuf.ListValue";
    private const long LongestSeconds = 315_576_000_000;
    private const string FieldMask = "google.protobuf.FieldMask";

    /// <summary>Adds a value of one of them. False when the type is another.</summary>
    public static bool TryWrite(JsonElement json, MessageType type, WireWriter output, int depth)
    {
        switch (type.Name)
        {
            case Timestamp:
                WriteTime(TextOf(json, type), output);
                return true;
            case Duration:
                WriteDuration(TextOf(json, type), output);
                return true;
            case FieldMask:
                foreach (var path in TextOf(json, type).Split(',', StringSplitOptions.RemoveEmptyEntries))
                {
                    output.Tag(1, WireType.Length);
                    output.Text(SnakeOf(path));
                }

                return true;
            case Value:
                WriteAny(json, output, depth);
                return true;
            case Struct:
                WriteStruct(json, output, depth);
                return true;
            case ListValue:
                WriteList(json, output, depth);
                return true;
            default:
                if (!IsWrapper(type))
                {
                    return false;
                }

                JsonToProto.WriteField(json, type.Find(1)!, output, depth);
                return true;
        }
    }

    /// <summary>Writes a value of one of them as JSON. False when the type is another.</summary>
    public static bool TryWriteJson(ReadOnlySpan<byte> bytes, MessageType type, Utf8JsonWriter output, ProtoToJson writer, int depth)
    {
        switch (type.Name)
        {
            case Timestamp:
                var (seconds, nanos) = ReadPair(bytes);
                output.WriteStringValue(DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, -62135596800, 253402300799))
                    .ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + Fraction(Math.Max(0, nanos)) + "Z");
                return true;
            case Duration:
                (seconds, nanos) = ReadPair(bytes);
                output.WriteStringValue($"{(seconds < 0 || nanos < 0 ? "-" : "")}{Math.Abs(seconds)}{Fraction(Math.Abs(nanos))}s");
                return true;
            case FieldMask:
                var paths = new List<string>();
                var reader = new WireReader(bytes);
                while (reader.TryReadTag(out _, out _))
                {
                    paths.Add(CamelOf(reader.ReadText()));
                }

                output.WriteStringValue(string.Join(',', paths));
                return true;
            case Value:
                WriteAnyJson(bytes, output, depth);
                return true;
            case Struct:
                WriteStructJson(bytes, output, depth);
                return true;
            case ListValue:
                WriteListJson(bytes, output, depth);
                return true;
            default:
                if (!IsWrapper(type))
                {
                    return false;
                }

                var field = type.Find(1)!;
                var wrapped = new ProtoValue(0, []);
                var inner = new WireReader(bytes);
                while (inner.TryReadTag(out _, out var wire))
                {
                    wrapped = ProtoValue.Read(ref inner, wire);
                }

                writer.WriteValue(wrapped, field, output, depth);
                return true;
        }
    }

    private static bool IsWrapper(MessageType type) => type.Name is "google.protobuf.DoubleValue" or "google.protobuf.FloatValue"
        or "google.protobuf.Int64Value" or "google.protobuf.UInt64Value" or "google.protobuf.Int32Value" or "google.protobuf.UInt32Value"
        or "google.protobuf.BoolValue" or "google.protobuf.StringValue" or "google.protobuf.BytesValue";

    private static void WriteTime(string text, WireWriter output)
    {
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            throw new ProtobufException($"'{text}' is no time such as 2026-01-31T12:00:00Z");
        }

        WritePair(time.ToUnixTimeSeconds(), (int)(time.UtcTicks % TimeSpan.TicksPerSecond * 100), output);
    }

    private static void WriteDuration(string text, WireWriter output)
    {
        if (!text.EndsWith('s') || !decimal.TryParse(text[..^1], NumberStyles.Number, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs(seconds) > LongestSeconds)
        {
            throw new ProtobufException($"'{text}' is no duration such as 1.5s");
        }

        var whole = decimal.Truncate(seconds);
        WritePair((long)whole, (int)((seconds - whole) * 1_000_000_000), output);
    }

    private static void WritePair(long seconds, int nanos, WireWriter output)
    {
        if (seconds != 0)
        {
            output.Tag(1, WireType.Varint);
            output.Varint((ulong)seconds);
        }

        if (nanos != 0)
        {
            output.Tag(2, WireType.Varint);
            output.Varint((ulong)(long)nanos);
        }
    }

    private static (long Seconds, int Nanos) ReadPair(ReadOnlySpan<byte> bytes)
    {
        var (seconds, nanos) = (0L, 0);
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (number)
            {
                case 1 when type == WireType.Varint:
                    seconds = (long)reader.ReadVarint();
                    break;
                case 2 when type == WireType.Varint:
                    nanos = (int)reader.ReadVarint();
                    break;
                default:
                    reader.Skip(number, type);
                    break;
            }
        }

        // Beyond these it is no time at all; as it stands it must not be worse than wrong.
        return (Math.Clamp(seconds, -LongestSeconds, LongestSeconds), Math.Clamp(nanos, -999_999_999, 999_999_999));
    }

    // 3, 6 or 9 digits, as many as it needs.
    private static string Fraction(int nanos) => nanos switch
    {
        0 => "",
        _ when nanos % 1_000_000 == 0 => $".{nanos / 1_000_000:000}",
        _ when nanos % 1_000 == 0 => $".{nanos / 1_000:000000}",
        _ => $".{nanos:000000000}",
    };

    // google.protobuf.Value { null_value = 1, number_value = 2, string_value = 3, bool_value = 4, struct_value = 5, list_value = 6 }
    private static void WriteAny(JsonElement json, WireWriter output, int depth)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Number:
                output.Tag(2, WireType.Fixed64);
                output.Fixed64(BitConverter.DoubleToUInt64Bits(json.GetDouble()));
                break;
            case JsonValueKind.String:
                output.Tag(3, WireType.Length);
                output.Text(json.GetString()!);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                output.Tag(4, WireType.Varint);
                output.Varint(json.GetBoolean() ? 1UL : 0UL);
                break;
            case JsonValueKind.Object or JsonValueKind.Array:
                var inner = new WireWriter();
                var isObject = json.ValueKind == JsonValueKind.Object;
                if (isObject)
                {
                    WriteStruct(json, inner, depth + 1);
                }
                else
                {
                    WriteList(json, inner, depth + 1);
                }

                output.Tag(isObject ? 5 : 6, WireType.Length);
                output.Bytes(inner.Written);
                break;
            default:
                output.Tag(1, WireType.Varint);
                output.Varint(0);
                break;
        }
    }

    private static void WriteStruct(JsonElement json, WireWriter output, int depth)
    {
        Check(json.ValueKind == JsonValueKind.Object, depth, "an object");
        foreach (var member in json.EnumerateObject())
        {
            var (entry, value) = (new WireWriter(), new WireWriter());
            WriteAny(member.Value, value, depth + 1);
            entry.Tag(1, WireType.Length);
            entry.Text(member.Name);
            entry.Tag(2, WireType.Length);
            entry.Bytes(value.Written);
            output.Tag(1, WireType.Length);
            output.Bytes(entry.Written);
        }
    }

    private static void WriteList(JsonElement json, WireWriter output, int depth)
    {
        Check(json.ValueKind == JsonValueKind.Array, depth, "an array");
        foreach (var item in json.EnumerateArray())
        {
            var value = new WireWriter();
            WriteAny(item, value, depth + 1);
            output.Tag(1, WireType.Length);
            output.Bytes(value.Written);
        }
    }

    private static void WriteAnyJson(ReadOnlySpan<byte> bytes, Utf8JsonWriter output, int depth)
    {
        Check(true, depth, "");
        var reader = new WireReader(bytes);
        if (!reader.TryReadTag(out var number, out var type))
        {
            output.WriteNullValue();
            return;
        }

        switch (number)
        {
            case 2:
                output.WriteNumberValue(BitConverter.UInt64BitsToDouble(reader.ReadFixed64()));
                break;
            case 3:
                output.WriteStringValue(reader.ReadText());
                break;
            case 4:
                output.WriteBooleanValue(reader.ReadVarint() != 0);
                break;
            case 5:
                WriteStructJson(reader.ReadBytes(), output, depth + 1);
                break;
            case 6:
                WriteListJson(reader.ReadBytes(), output, depth + 1);
                break;
            default:
                reader.Skip(number, type);
                output.WriteNullValue();
                break;
        }
    }

    private static void WriteStructJson(ReadOnlySpan<byte> bytes, Utf8JsonWriter output, int depth)
    {
        output.WriteStartObject();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out _, out _))
        {
            ReadOnlySpan<byte> key = default, value = default;
            var entry = new WireReader(reader.ReadBytes());
            while (entry.TryReadTag(out var number, out _))
            {
                if (number == 1)
                {
                    key = entry.ReadBytes();
                }
                else
                {
                    value = entry.ReadBytes();
                }
            }

            output.WritePropertyName(Encoding.UTF8.GetString(key));
            WriteAnyJson(value, output, depth + 1);
        }

        output.WriteEndObject();
    }

    private static void WriteListJson(ReadOnlySpan<byte> bytes, Utf8JsonWriter output, int depth)
    {
        output.WriteStartArray();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out _, out _))
        {
            WriteAnyJson(reader.ReadBytes(), output, depth + 1);
        }

        output.WriteEndArray();
    }

    private static void Check(bool fits, int depth, string expected)
    {
        if (!fits || depth > 64)
        {
            throw new ProtobufException(fits ? "the JSON is nested too deeply" : $"a value is {expected}");
        }
    }

    private static string TextOf(JsonElement json, MessageType type) =>
        json.ValueKind == JsonValueKind.String ? json.GetString()! : throw new ProtobufException($"{type.Name} is text");

    private static string SnakeOf(string path) => string.Concat(path.Select(c => char.IsAsciiLetterUpper(c) ? $"_{char.ToLowerInvariant(c)}" : c.ToString()));

    private static string CamelOf(string path) =>
        string.Concat(path.Split('_').Select((part, i) => i > 0 && part.Length > 0 ? char.ToUpperInvariant(part[0]) + part[1..] : part));
}
