using System.Text;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>The Content-Disposition of a part (RFC 7578 §4.2).</summary>
internal sealed class ContentDisposition
{
    /// <summary>The field's name; null for none.</summary>
    public string? Name { get; private set; }

    /// <summary>The file's name; null where the part is no file.</summary>
    public string? FileName { get; private set; }

    /// <summary>Whether a quote is one that readers take differently.</summary>
    public bool HasInvalidQuoting { get; private set; }

    /// <returns>False where it is malformed or says a thing twice.</returns>
    public bool Read(string field)
    {
        var text = field.AsSpan().Trim(" \t");
        if (!text.StartsWith("form-data", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        text = text["form-data".Length..].TrimStart(" \t");
        while (text.Length > 0)
        {
            if (text[0] != ';')
            {
                return false;
            }

            text = text[1..].TrimStart(" \t");
            if (text.IsEmpty)
            {
                // A semicolon at the end is common and harmless.
                return true;
            }

            var equals = text.IndexOf('=');
            if (equals <= 0)
            {
                return false;
            }

            var name = text[..equals].Trim(" \t").ToString();
            text = text[(equals + 1)..].TrimStart(" \t");
            var value = ReadValue(ref text);
            if (value is null || !Note(name, value))
            {
                return false;
            }

            text = text.TrimStart(" \t");
        }

        return true;
    }

    private bool Note(string name, string value)
    {
        if (name.Equals("name", StringComparison.OrdinalIgnoreCase) && Name is null)
        {
            Name = value;
        }
        else if (name.Equals("filename", StringComparison.OrdinalIgnoreCase) && FileName is null)
        {
            FileName = value;
        }
        else
        {
            // "filename*" is not for forms (RFC 7578 §4.2); readers differ in which name they take.
            return false;
        }

        return true;
    }

    private string? ReadValue(ref ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text[0] is not ('"' or '\''))
        {
            var end = text.IndexOfAny(" \t;");
            var plain = (end < 0 ? text : text[..end]).ToString();
            HasInvalidQuoting |= plain.AsSpan().ContainsAny("\"'");
            text = end < 0 ? [] : text[end..];
            return plain.Length > 0 ? plain : null;
        }

        var quote = text[0];
        HasInvalidQuoting |= quote == '\'';
        var value = new StringBuilder();
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] == quote)
            {
                text = text[(at + 1)..];
                return value.ToString();
            }

            if (text[at] == '\\' && at + 1 < text.Length && (text[at + 1] == quote || text[at + 1] == '\\'))
            {
                at++;
            }

            value.Append(text[at]);
        }

        return null;
    }
}
