using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace FilterProxy;

/// <summary>
/// Text with operators that are filled in from an exchange, e.g. <c>%REQ(x-user)%:%PATH%</c>. Usable as an option's type: it is
/// compiled once, when the configuration is read. The syntax is Envoy's: <c>%NAME%</c>, <c>%NAME(arguments)%</c>,
/// <c>%NAME(arguments):maximum length%</c>, <c>%%</c> for a percent sign. What is not there becomes <c>-</c>.
/// </summary>
public sealed class Template : IEquatable<Template>
{
    private readonly string _text;
    private readonly TemplateSegment[] _segments;
    private readonly TemplateMask? _mask;

    internal Template(string text, TemplateSegment[] segments, TemplateMask? mask = null)
    {
        _text = text;
        _segments = segments;
        _mask = mask;
        Kind = segments is [var only] ? only.Kind : Array.TrueForAll(segments, s => s.Kind != TemplateKind.Text) ? TemplateKind.Plain : TemplateKind.Text;
    }

    /// <summary>What the result can hold. A number that is not there is still written <c>-</c>.</summary>
    public TemplateKind Kind { get; }

    /// <summary>Whether the result is the same for every exchange.</summary>
    public bool IsConstant => _segments is [] or [{ IsLiteral: true }];

    /// <summary>Compiles a template.</summary>
    /// <param name="text">The text.</param>
    /// <param name="template">The template, when the text is one.</param>
    /// <param name="error">What is wrong with it otherwise, for the one who wrote it; else empty.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Template? template, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        var segments = TemplateParser.Parse(text, null, out error);
        template = segments is null ? null : new Template(text, segments);
        return template is not null;
    }

    /// <summary>Compiles a template.</summary>
    /// <exception cref="FormatException">The text is no template; the message says why.</exception>
    public static Template Parse(string text) => TryParse(text, out var template, out var error) ? template : throw new FormatException(error);

    /// <summary>The same template, printing no secret.</summary>
    public Template WithMask(TemplateMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return new Template(_text, TemplateParser.Parse(_text, mask, out _)!, mask);
    }

    /// <summary>Writes the result. Bytes of the message are copied as they are, other text is UTF-8.</summary>
    public void Format(HttpExchange exchange, IBufferWriter<byte> output)
    {
        foreach (var segment in _segments)
        {
            segment.Write(exchange, output);
        }
    }

    /// <summary>
    /// As <see cref="Format(HttpExchange, IBufferWriter{byte})"/>, but false with nothing written when the template is a single operator
    /// and the exchange has no value for it: for those who can do better than <c>-</c>.
    /// </summary>
    public bool TryFormat(HttpExchange exchange, IBufferWriter<byte> output)
    {
        if (_segments is [{ IsLiteral: false } only])
        {
            return only.TryWrite(exchange, output);
        }

        Format(exchange, output);
        return true;
    }

    /// <summary>The result, when it is the same for every exchange.</summary>
    public bool TryGetConstant(out ReadOnlySpan<byte> value)
    {
        value = _segments is [{ IsLiteral: true } only] ? only.Literal : default;
        return IsConstant;
    }

    /// <summary>
    /// As <see cref="Format(HttpExchange, IBufferWriter{byte})"/>, for a line of text: control bytes, <c>"</c>, <c>\</c> and bytes beyond
    /// ASCII in what an operator gives become <c>\xHH</c>, so that a client can forge neither a line nor the end of a quoted field.
    /// </summary>
    public void FormatEscaped(HttpExchange exchange, IBufferWriter<byte> output)
    {
        var line = TemplateScratch.BeginLine();
        foreach (var segment in _segments)
        {
            segment.WriteEscaped(exchange, line);
        }

        output.Write(line.Written);
    }

    /// <summary>
    /// As <see cref="Format(HttpExchange, IBufferWriter{byte})"/>, with what operators give written by <paramref name="escape"/>: the template's
    /// own text is markup, what a client sent never is.
    /// </summary>
    public void Format(HttpExchange exchange, IBufferWriter<byte> output, TemplateEscape escape)
    {
        ArgumentNullException.ThrowIfNull(escape);
        foreach (var segment in _segments)
        {
            segment.Write(exchange, output, escape);
        }
    }

    /// <summary>The result as text: UTF-8 where the bytes are valid UTF-8, else Latin-1. Allocates.</summary>
    public string Format(HttpExchange exchange)
    {
        var output = new ArrayBufferWriter<byte>(128);
        Format(exchange, output);
        var bytes = output.WrittenSpan;
        return (Utf8.IsValid(bytes) ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes);
    }

    /// <inheritdoc/>
    public bool Equals(Template? other) => other is not null && _text == other._text && Equals(_mask, other._mask);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Template);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The text it was compiled from.</summary>
    public override string ToString() => _text;
}
