using System.Buffers;
using System.Globalization;

namespace FilterProxy;

/// <summary>The operator over the PROXY protocol header a connection began with.</summary>
internal static class TemplateProxyProtocol
{
    private static readonly Dictionary<string, Func<ProxyProtocolHeader, string?>> Known = new(StringComparer.Ordinal)
    {
        ["alpn"] = static h => h.Alpn,
        ["authority"] = static h => h.Authority,
        ["unique_id"] = static h => Convert.ToHexStringLower(h.UniqueId.Span),
        ["tls_version"] = static h => h.Tls?.Version,
        ["tls_cipher"] = static h => h.Tls?.Cipher,
        ["tls_common_name"] = static h => h.Tls?.CommonName,
    };

    public static TemplateValue? BindTlv(string argument, TemplateMask? mask, out string error)
    {
        error = "";
        if (Known.TryGetValue(argument, out var text))
        {
            return (x, o) => x.Downstream.ProxyProtocol is { } header && text(header) is { Length: > 0 } value && o.WriteText(value);
        }

        if (argument.StartsWith("0x", StringComparison.Ordinal)
            && byte.TryParse(argument.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var type))
        {
            return (x, o) => x.Downstream.ProxyProtocol is { } header && header.TryGetTlv(type, out var value) && Write(value, o);
        }

        error = $"the argument is a type as in '0xEA', or one of {string.Join(", ", Known.Keys)}";
        return null;
    }

    // Other types' values are their makers' own: text mostly, which is all a line of text can show.
    private static bool Write(ReadOnlyMemory<byte> value, IBufferWriter<byte> output) => output.WriteBytes(value.Span);
}
