using System.Buffers.Text;
using System.Text;

namespace FilterProxy.Filters.ErrorPages;

/// <summary>Chooses the form of a body by Accept (RFC 9110 §12.5.1).</summary>
internal static class Negotiation
{
    public static PageKind Choose(HeaderMap headers, PageKind otherwise)
    {
        Quality html = default, json = default;
        foreach (var line in headers.Values(KnownHeader.Accept))
        {
            foreach (var range in line.Split((byte)','))
            {
                var item = line[range];
                var semicolon = item.IndexOf((byte)';');
                var type = (semicolon < 0 ? item : item[..semicolon]).Trim(" \t"u8);
                var q = semicolon < 0 ? 1000 : QualityOf(item[(semicolon + 1)..]);
                html.Add(SpecificityOf(type, PageKind.Html), q);
                json.Add(SpecificityOf(type, PageKind.Json), q);
            }
        }

        return html.Value > json.Value ? PageKind.Html : json.Value > html.Value ? PageKind.Json : otherwise;
    }

    // The more a range says, the more it counts: 0 says nothing about the kind.
    private static int SpecificityOf(ReadOnlySpan<byte> type, PageKind kind)
    {
        if (type.SequenceEqual("*/*"u8))
        {
            return 1;
        }

        if (kind == PageKind.Html)
        {
            return Ascii.EqualsIgnoreCase(type, "text/html"u8) || Ascii.EqualsIgnoreCase(type, "application/xhtml+xml"u8) ? 3
                : Ascii.EqualsIgnoreCase(type, "text/*"u8) ? 2 : 0;
        }

        return Ascii.EqualsIgnoreCase(type, "application/problem+json"u8) ? 4
            : Ascii.EqualsIgnoreCase(type, "application/json"u8) ? 3
            : Ascii.EqualsIgnoreCase(type, "application/*"u8) ? 2 : 0;
    }

    /// <summary>In thousandths; 1000 where none is said or it makes no sense.</summary>
    private static int QualityOf(ReadOnlySpan<byte> parameters)
    {
        foreach (var range in parameters.Split((byte)';'))
        {
            var parameter = parameters[range].Trim(" \t"u8);
            if (parameter.Length > 2 && (parameter[0] | 0x20) == 'q' && parameter[1] == (byte)'='
                && Utf8Parser.TryParse(parameter[2..], out double q, out _) && q is >= 0 and <= 1)
            {
                return (int)(q * 1000);
            }
        }

        return 1000;
    }

    private struct Quality
    {
        private int _specificity;

        public int Value { get; private set; }

        public void Add(int specificity, int quality)
        {
            if (specificity > _specificity)
            {
                (_specificity, Value) = (specificity, quality);
            }
        }
    }
}
