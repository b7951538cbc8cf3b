using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>The head of one HTTP/1.1 message (RFC 9112), read strictly: what two readers could take for two things is no head.</summary>
internal sealed class HandshakeHead
{
    private HandshakeHead(string startLine, List<(string Name, string Value)> fields) => (StartLine, All) = (startLine, fields);

    /// <summary>The first line.</summary>
    public string StartLine { get; }

    /// <summary>The fields in their order, names in lower case.</summary>
    public IReadOnlyList<(string Name, string Value)> All { get; }

    /// <summary>Reads one, with the empty line at its end, or says what is wrong with it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out HandshakeHead? head, out string problem)
    {
        (head, problem) = (null, "");
        if (!Ascii.IsValid(text))
        {
            problem = "a byte is not ASCII";
            return false;
        }

        var lines = Encoding.ASCII.GetString(text).Split("\r\n");
        var fields = new List<(string, string)>();
        foreach (var line in lines[..^2])
        {
            // A control byte is a bare CR or LF, NUL or worse (RFC 9112 §2.2, RFC 9110 §5.5).
            if (line.Any(c => char.IsControl(c) && c != '\t'))
            {
                problem = "a line has a control byte";
                return false;
            }
        }

        foreach (var line in lines[1..^2])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || !HeaderName.IsToken(Encoding.ASCII.GetBytes(line[..colon])))
            {
                // White space before the colon, or a folded line, is refused with this (RFC 9112 §5.1, §5.2).
                problem = "a line is no header field";
                return false;
            }

            fields.Add((line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim(' ', '\t')));
        }

        head = new HandshakeHead(lines[0], fields);
        return true;
    }

    /// <summary>The values of a field in their order.</summary>
    public IEnumerable<string> Values(string name) => All.Where(field => field.Name == name).Select(field => field.Value);

    /// <summary>The value of a field that may be there once; false when it is there more often.</summary>
    public bool TryGetOne(string name, out string? value)
    {
        value = null;
        var count = 0;
        foreach (var (field, text) in All)
        {
            if (field == name)
            {
                value = text;
                count++;
            }
        }

        return count <= 1;
    }

    /// <summary>Whether a field that is a list has an item, without case.</summary>
    public bool Lists(string name, string item) =>
        Values(name).SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)).Contains(item, StringComparer.OrdinalIgnoreCase);
}
