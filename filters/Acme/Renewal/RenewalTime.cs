using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme.Renewal;

/// <summary>
/// When a certificate is renewed: at two thirds of its life, or in the window the CA suggests. Where exactly is its own fixed place,
/// so that neither a restart nor a herd of proxies that started together moves it.
/// </summary>
internal static class RenewalTime
{
    // Of the whole life, on top of two thirds.
    private const double Jitter = 0.03;

    public static DateTimeOffset Of(IssuedCertificate certificate, SuggestedWindow? window = null)
    {
        var place = PlaceOf(certificate);
        if (window is not null)
        {
            return window.Start + ((window.End - window.Start) * place);
        }

        var life = certificate.NotAfter - certificate.NotBefore;
        return certificate.NotBefore + (life * ((2.0 / 3) + (Jitter * place)));
    }

    /// <summary>From 0 to 1, by the certificate's own digest and this machine's name.</summary>
    private static double PlaceOf(IssuedCertificate certificate)
    {
        var digest = SHA256.HashData([.. certificate.Leaf.RawDataMemory.Span, .. Encoding.UTF8.GetBytes(Environment.MachineName)]);
        return BinaryPrimitives.ReadUInt32BigEndian(digest) / (double)uint.MaxValue;
    }
}

/// <summary>When the CA suggests to renew (RFC 9773 §4.2).</summary>
internal sealed record SuggestedWindow(DateTimeOffset Start, DateTimeOffset End);
