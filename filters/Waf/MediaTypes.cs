using System.Text;

namespace FilterProxy.Filters.Waf;

/// <summary>Media types as options name them; a star at the end stands for anything.</summary>
internal sealed class MediaTypes(IEnumerable<string> patterns)
{
    private readonly (byte[] Text, bool IsPrefix)[] _patterns =
        [.. patterns.Select(pattern => (Encoding.ASCII.GetBytes(pattern.TrimEnd('*')), pattern.EndsWith('*')))];

    public bool Has(HeaderMap headers)
    {
        if (!headers.TryGet(KnownHeader.ContentType, out var field))
        {
            return false;
        }

        var semicolon = field.IndexOf((byte)';');
        var type = (semicolon < 0 ? field : field[..semicolon]).TrimEnd(" \t"u8);
        foreach (var (text, isPrefix) in _patterns)
        {
            if (type.Length >= text.Length && (isPrefix || type.Length == text.Length) && Ascii.EqualsIgnoreCase(type[..text.Length], text))
            {
                return true;
            }
        }

        return false;
    }
}
