using System.Text;
using System.Text.Encodings.Web;

namespace FilterProxy.Core.Upstream;

/// <summary>Whether X-Forwarded-Client-Cert is passed on, and whether this connection's certificate goes into it.</summary>
internal enum ClientCertPolicy
{
    Sanitize,
    ForwardOnly,
    AppendForward,
    SanitizeSet,
    AlwaysForwardOnly,
}

/// <summary>What X-Forwarded-Client-Cert says besides the fingerprint.</summary>
[Flags]
internal enum ClientCertParts
{
    None = 0,
    Subject = 1,
    Uri = 2,
    Dns = 4,
    Cert = 8,
}

/// <summary>
/// X-Forwarded-Client-Cert, in the format Envoy gave it: elements with commas between them, one for each hop that saw a certificate;
/// in an element <c>Key=value</c> pairs with semicolons between them.
/// </summary>
internal static class ClientCertHeader
{
    /// <summary>Whether what the client sent is taken off before any filter sees it.</summary>
    public static bool IsRemoved(ClientCertPolicy policy, DownstreamInfo downstream) => policy switch
    {
        ClientCertPolicy.AlwaysForwardOnly => false,

        // Only who has shown a certificate is believed about others'.
        ClientCertPolicy.ForwardOnly or ClientCertPolicy.AppendForward => downstream.ClientCertificate is null,
        _ => true,
    };

    /// <summary>What this hop adds; empty for nothing. Made once per connection.</summary>
    public static ReadOnlySpan<byte> Element(ClientCertPolicy policy, ClientCertParts parts, DownstreamInfo downstream)
    {
        if (policy is not (ClientCertPolicy.AppendForward or ClientCertPolicy.SanitizeSet) || downstream.ClientCertificateDetails is not { } details)
        {
            return default;
        }

        if (downstream.ClientCertificateElement.Details != (int)parts)
        {
            downstream.ClientCertificateElement = ((int)parts, Make(parts, details, downstream));
        }

        return downstream.ClientCertificateElement.Value;
    }

    private static byte[] Make(ClientCertParts parts, ClientCertificateDetails details, DownstreamInfo downstream)
    {
        var text = new StringBuilder();
        if (downstream.LocalCertificateUri is { } by)
        {
            Append(text, "By", by, always: false);
        }

        Append(text, "Hash", details.Sha256, always: false);
        if (parts.HasFlag(ClientCertParts.Cert))
        {
            Append(text, "Cert", UrlEncoder.Default.Encode(downstream.ClientCertificate!.ExportCertificatePem() + "\n"), always: true);
        }

        if (parts.HasFlag(ClientCertParts.Subject))
        {
            Append(text, "Subject", details.Subject, always: true);
        }

        foreach (var uri in parts.HasFlag(ClientCertParts.Uri) ? details.Uris : [])
        {
            Append(text, "URI", uri, always: false);
        }

        foreach (var name in parts.HasFlag(ClientCertParts.Dns) ? details.DnsNames : [])
        {
            Append(text, "DNS", name, always: false);
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <param name="text">The element so far.</param>
    /// <param name="key">The pair's key.</param>
    /// <param name="value">What the certificate says: its owner chose it, and any byte may be in it.</param>
    /// <param name="always">Whether it stands in quotes whatever is in it.</param>
    private static void Append(StringBuilder text, string key, string value, bool always)
    {
        text.Append(text.Length > 0 ? ";" : "").Append(key).Append('=');
        var quoted = always || value.AsSpan().ContainsAny(",;=\"") || value.Length == 0;
        text.Append(quoted ? "\"" : "");
        foreach (var octet in Encoding.UTF8.GetBytes(value))
        {
            switch (octet)
            {
                case (byte)'"' or (byte)'\\' when quoted:
                    text.Append('\\').Append((char)octet);
                    break;

                case < 0x20 or > 0x7e:
                    // As RFC 4514 §2.4 writes what does not print: no line break of a certificate ever becomes one of a head.
                    text.Append('\\').Append(Convert.ToHexString([octet]));
                    break;

                default:
                    text.Append((char)octet);
                    break;
            }
        }

        text.Append(quoted ? "\"" : "");
    }
}
