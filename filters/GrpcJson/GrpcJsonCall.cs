using System.Buffers;
using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.Filters.GrpcJson;

/// <summary>One call: its method, what its path says, and how far its response has come.</summary>
/// <param name="method">The method.</param>
/// <param name="rule">The rule that fits the request.</param>
/// <param name="values">Fields by what the path has for them.</param>
internal sealed class GrpcJsonCall(MethodType method, HttpRule rule, List<(string Field, string Value)> values)
{
    private readonly ArrayBufferWriter<byte> _left = new();

    public MethodType Method => method;

    public HttpRule Rule => rule;

    /// <summary>Responses written so far.</summary>
    public int Written { get; set; }

    /// <summary>The message: body, then path, then query, the parts that come later going before.</summary>
    /// <exception cref="ProtobufException">They do not fit it.</exception>
    public byte[] MessageOf(ReadOnlySequence<byte> body, string query)
    {
        var message = new WireWriter();
        JsonFields.WriteBody(body, rule, method.Input, message);
        if (rule.Body != "*")
        {
            foreach (var (name, value) in JsonFields.QueryOf(query))
            {
                JsonFields.Write(name, value, method.Input, message);
            }
        }

        foreach (var (field, value) in values)
        {
            JsonFields.Write(field, value, method.Input, message);
        }

        return message.Written.ToArray();
    }

    /// <summary>What is left of the response before the next piece, and that.</summary>
    public ReadOnlySequence<byte> Join(ReadOnlySequence<byte> data)
    {
        foreach (var segment in data)
        {
            _left.Write(segment.Span);
        }

        return new ReadOnlySequence<byte>(_left.WrittenMemory.ToArray());
    }

    /// <summary>Keeps what is no whole message yet.</summary>
    public void Keep(ReadOnlySequence<byte> rest)
    {
        var kept = rest.ToArray();
        _left.ResetWrittenCount();
        _left.Write(kept);
    }
}
