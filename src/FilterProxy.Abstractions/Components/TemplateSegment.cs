using System.Buffers;

namespace FilterProxy;

/// <summary>Writes the value of an operator. False, with nothing written, when the exchange has none.</summary>
internal delegate bool TemplateValue(HttpExchange exchange, IBufferWriter<byte> output);

/// <summary>A piece of a <see cref="Template"/>: bytes as they stand, or an operator with its arguments bound.</summary>
internal sealed class TemplateSegment
{
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

    public void Write(HttpExchange exchange, IBufferWriter<byte> output)
    {
        if (!TryWrite(exchange, output))
        {
            output.Write("-"u8);
        }
    }

    /// <summary>Writes a literal as it stands, and a value by a rule of the caller's.</summary>
    public void Write(HttpExchange exchange, IBufferWriter<byte> output, TemplateEscape escape)
    {
        if (_value is null)
        {
            output.Write(_literal);
            return;
        }

        var value = TemplateScratch.BeginLine();
        if (!_value(exchange, value))
        {
            output.Write("-"u8);
            return;
        }

        escape(TemplateOutput.Truncate(value.Written, _maxLength), output);
    }

    /// <summary>False, with nothing written, when it is an operator without a value.</summary>
    public bool TryWrite(HttpExchange exchange, IBufferWriter<byte> output)
    {
        if (_value is null)
        {
            return output.WriteBytes(_literal);
        }

        if (_maxLength == int.MaxValue)
        {
            return _value(exchange, output);
        }

        var scratch = TemplateScratch.BeginLine();
        if (!_value(exchange, scratch))
        {
            return false;
        }

        return output.WriteBytes(TemplateOutput.Truncate(scratch.Written, _maxLength));
    }

    /// <summary>Writes it for a line of text: literals as they stand, values escaped.</summary>
    public void WriteEscaped(HttpExchange exchange, TemplateScratch line)
    {
        if (_value is null)
        {
            line.Append(_literal);
            return;
        }

        var start = line.Length;
        if (!_value(exchange, line))
        {
            line.Append("-"u8);
            return;
        }

        if (_maxLength != int.MaxValue)
        {
            line.TruncateFrom(start, _maxLength);
        }

        if (Kind == TemplateKind.Text)
        {
            line.EscapeFrom(start);
        }
    }
}
