using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy;

/// <summary>What a client's certificate says, read once per connection.</summary>
public sealed class ClientCertificateDetails
{
    private const string AlternativeNames = "2.5.29.17";

    internal ClientCertificateDetails(X509Certificate2 certificate)
    {
        Subject = certificate.Subject;
        Issuer = certificate.Issuer;
        SerialNumber = certificate.SerialNumber;
        Sha256 = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant();
        (DnsNames, Uris, EmailAddresses) = Read(certificate);
    }

    /// <summary>Reads the certificate of a connection that is no exchange's.</summary>
    public static ClientCertificateDetails Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new ClientCertificateDetails(certificate);
    }

    /// <summary>The distinguished name of its owner, e.g. <c>CN=agent-7, O=Example</c>. May hold any character.</summary>
    public string Subject { get; }

    /// <summary>The distinguished name of who signed it.</summary>
    public string Issuer { get; }

    /// <summary>Its serial number in hex, upper case.</summary>
    public string SerialNumber { get; }

    /// <summary>SHA-256 of the certificate (its fingerprint) in hex, lower case.</summary>
    public string Sha256 { get; }

    /// <summary>Its alternative names that are host names.</summary>
    public IReadOnlyList<string> DnsNames { get; }

    /// <summary>Its alternative names that are URIs, e.g. a SPIFFE id.</summary>
    public IReadOnlyList<string> Uris { get; }

    /// <summary>Its alternative names that are mail addresses.</summary>
    public IReadOnlyList<string> EmailAddresses { get; }

    // RFC 5280 §4.2.1.6. The runtime's own reader knows host names and addresses only.
    internal static (IReadOnlyList<string> Dns, IReadOnlyList<string> Uris, IReadOnlyList<string> Emails) Read(X509Certificate2 certificate)
    {
        var dns = new List<string>();
        var uris = new List<string>();
        var emails = new List<string>();
        try
        {
            foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == AlternativeNames))
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    var tag = names.PeekTag();
                    var list = tag.TagClass != TagClass.ContextSpecific ? null : tag.TagValue switch { 1 => emails, 2 => dns, 6 => uris, _ => null };
                    if (list is null)
                    {
                        names.ReadEncodedValue();
                    }
                    else
                    {
                        list.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    }
                }
            }
        }
        catch (AsnContentException)
        {
            // What cannot be read names nobody.
            return ([], [], []);
        }

        return (dns, uris, emails);
    }
}
