using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace FilterProxy.Core.Pipeline;

/// <summary>The header field of local replies that says why, laid out once for each reason.</summary>
/// <param name="name">The field's; empty for none.</param>
internal sealed class ReasonFields(byte[] name)
{
    // Reasons stand in code, and there are some dozens. A plugin that makes them up is not remembered without end.
    private const int MostRemembered = 1024;
    private const int LongestCode = 64;

    private readonly ConcurrentDictionary<string, PreparedFields> _known = new(StringComparer.Ordinal);

    /// <summary>Adds it. A reason that is no token, or too long, is not said.</summary>
    public void AppendTo(HeaderMap headers, string reason)
    {
        if (name.Length > 0)
        {
            headers.Append(_known.TryGetValue(reason, out var known) ? known : Prepare(reason));
        }
    }

    private PreparedFields Prepare(string reason)
    {
        Span<byte> code = stackalloc byte[LongestCode];
        var fields = Ascii.FromUtf16(reason, code, out var length) == OperationStatus.Done && HeaderName.IsToken(code[..length])
            ? PreparedFields.Build((Name: name, Code: code[..length].ToArray()), static (map, field) => map.Append(field.Name, field.Code))
            : PreparedFields.Empty;
        if (_known.Count < MostRemembered)
        {
            _known[reason] = fields;
        }

        return fields;
    }
}
