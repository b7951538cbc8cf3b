using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.Filters.GrpcJson;

/// <summary>Writes responses as JSON: one, or one after the other.</summary>
internal sealed class GrpcJsonWriter(GrpcJsonOptions options)
{
    // What goes to an HTTP client as application/json is no HTML; people read it.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ProtoToJson _messages = new(options.ProtoNames, options.Defaults);

    /// <summary>Content-Type of a stream.</summary>
    public ReadOnlySpan<byte> StreamType => options.Stream switch
    {
        GrpcJsonStream.Ndjson => "application/x-ndjson"u8,
        GrpcJsonStream.Sse => "text/event-stream"u8,
        _ => "application/json"u8,
    };

    /// <summary>A response, or the field of it that its rule sends.</summary>
    public void Write(byte[] message, GrpcJsonCall call, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Relaxed);
        if (call.Rule.ResponseBody.Length == 0)
        {
            _messages.WriteMessage(message, call.Method.Output, json);
            return;
        }

        var field = call.Method.Output.Find(call.Rule.ResponseBody)!;
        _messages.WriteMember(message, field, json);
    }

    /// <summary>The next response of a stream.</summary>
    public void WriteOne(byte[] message, GrpcJsonCall call, IBufferWriter<byte> output)
    {
        Before(call, output);
        Write(message, call, output);
        After(output);
    }

    /// <summary>What ends a stream, with its failure as a last element.</summary>
    public void WriteEnd(GrpcJsonCall call, int code, string message, IBufferWriter<byte> output)
    {
        if (code != 0)
        {
            Before(call, output);
            output.Write("{\"error\":"u8);
            output.Write(ErrorOf(code, message));
            output.Write("}"u8);
            After(output);
        }

        if (options.Stream == GrpcJsonStream.Array)
        {
            output.Write(call.Written == 0 ? "[]"u8 : "]"u8);
        }
    }

    /// <summary>A failure as google.rpc.Status.</summary>
    public static byte[] ErrorOf(int code, string message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Relaxed))
        {
            json.WriteStartObject();
            json.WriteNumber("code", code);
            json.WriteString("message", message);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private void Before(GrpcJsonCall call, IBufferWriter<byte> output)
    {
        if (options.Stream == GrpcJsonStream.Array)
        {
            output.Write(call.Written == 0 ? "["u8 : ","u8);
        }
        else if (options.Stream == GrpcJsonStream.Sse)
        {
            output.Write("data: "u8);
        }

        call.Written++;
    }

    private void After(IBufferWriter<byte> output)
    {
        if (options.Stream != GrpcJsonStream.Array)
        {
            output.Write(options.Stream == GrpcJsonStream.Sse ? "\n\n"u8 : "\n"u8);
        }
    }
}
