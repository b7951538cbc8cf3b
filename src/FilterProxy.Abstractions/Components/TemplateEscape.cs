using System.Buffers;

namespace FilterProxy;

/// <summary>
/// Writes the value of a <see cref="Template"/>'s operator in the way of the text around it, e.g. HTML. Told what the operator gave, whole;
/// the span dies when the call returns. Must not format a template itself.
/// </summary>
/// <param name="value">What the operator gave: bytes of a message or UTF-8.</param>
/// <param name="output">Where it goes.</param>
public delegate void TemplateEscape(ReadOnlySpan<byte> value, IBufferWriter<byte> output);
