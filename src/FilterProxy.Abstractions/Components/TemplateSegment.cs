using System.Buffers;

namespace FilterProxy;

/// <summary>Writes the value of an operator. False, with nothing written, when the exchange has none.</summary>
internal delegate bool TemplateValue(HttpExchange exchange, IBufferWriter<byte> output);

/// <summary>A piece of a <see cref="Template"/>: bytes as they stand, or an operator with its arguments bound.</summary>
internal sealed class TemplateSegment
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    private readonly byte[] _literal;
    private readonly TemplateValue? _value;
    private readonly int _maxLength;

    public TemplateSegment(byte[] literal)
    {
        _literal = literal;
        Kind = TemplateOutput.IsPlain(literal) ? TemplateKind.Plain : TemplateKind.Text;
    }

    public TemplateSegment(TemplateValue value, TemplateKind kind, int maxLength)
    {
        Kind = maxLength != int.MaxValue && kind == TemplateKind.Number ? TemplateKind.Plain : kind;
        _literal = [];
        _value = value;
        _maxLength = maxLength;
    }

    public TemplateKind Kind { get; }

    public bool IsLiteral => _value is null;

    public ReadOnlySpan<byte> Literal => _literal;

    public void Write(HttpExchange exchange, IBufferWriter<byte> output, bool escape)
    {
        if (!TryWrite(exchange, output, escape))
        {
            output.Write("-"u8);
        }
    }

    /// <summary>False, with nothing written, when it is an operator without a value.</summary>
    public bool TryWrite(HttpExchange exchange, IBufferWriter<byte> output, bool escape)
    {
        if (_value is null)
        {
            return output.WriteBytes(_literal);
        }

        if ((!escape || Kind != TemplateKind.Text) && _maxLength == int.MaxValue)
        {
            return _value(exchange, output);
        }

        // No operator formats a template, so one scratch per thread is never in use twice.
        var scratch = _scratch ??= new ArrayBufferWriter<byte>(512);
        scratch.ResetWrittenCount();
        if (!_value(exchange, scratch))
        {
            return false;
        }

        var value = TemplateOutput.Truncate(scratch.WrittenSpan, _maxLength);
        return escape ? output.WriteEscaped(value) : output.WriteBytes(value);
    }
}
