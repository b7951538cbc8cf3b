using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>One certificate revocation list (RFC 5280 §5.1), its signature checked by the authority that issued it.</summary>
internal sealed class RevocationList
{
    private const string CrlNumber = "2.5.29.20", AuthorityKeyIdentifier = "2.5.29.35";
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);

    private readonly byte[] _issuer;
    private readonly HashSet<string> _serials = [];

    private RevocationList(ReadOnlyMemory<byte> der, X509Certificate2Collection authorities)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var signed = list.PeekEncodedValue();
        var body = list.ReadSequence();
        var algorithm = list.ReadSequence().ReadObjectIdentifier();
        var signature = list.ReadBitString(out _);
        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            body.ReadInteger();
        }

        body.ReadSequence();
        _issuer = body.ReadEncodedValue().ToArray();
        ReadTime(body);
        NextUpdate = body.HasData && IsTime(body.PeekTag()) ? ReadTime(body) : DateTimeOffset.MaxValue;
        if (body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            ReadRevoked(body.ReadSequence());
        }

        if (body.HasData)
        {
            CheckExtensions(body.ReadSequence(Extensions).ReadSequence());
        }

        if (!authorities.Any(a => IsBy(a) && RevocationSignature.Holds(a, algorithm, signed.Span, signature)))
        {
            throw new CryptographicException("it is not signed by one of the trusted authorities");
        }
    }

    /// <summary>When the next is due; after that this one says nothing any more.</summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>All lists of a file, in PEM or DER.</summary>
    /// <exception cref="CryptographicException">The file holds none, or one that cannot be read or is nobody's.</exception>
    public static IEnumerable<RevocationList> ReadAll(byte[] file, X509Certificate2Collection authorities)
    {
        try
        {
            if (file is [0x30, ..])
            {
                return [new RevocationList(file, authorities)];
            }

            var lists = new List<RevocationList>();
            ReadOnlySpan<char> text = System.Text.Encoding.ASCII.GetString(file);
            while (PemEncoding.TryFind(text, out var fields))
            {
                if (text[fields.Label] is "X509 CRL")
                {
                    lists.Add(new RevocationList(Convert.FromBase64String(text[fields.Base64Data].ToString()), authorities));
                }

                text = text[fields.Location.End..];
            }

            return lists.Count > 0 ? lists : throw new CryptographicException("there is no revocation list in it");
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException($"it cannot be read: {e.Message}");
        }
    }

    /// <summary>Whether an authority issued it, by name.</summary>
    public bool IsBy(X509Certificate2 authority) => authority.SubjectName.RawData.AsSpan().SequenceEqual(_issuer);

    /// <summary>Whether a certificate of its authority is revoked.</summary>
    /// <param name="serial">Its serial number, big-endian.</param>
    public bool Has(ReadOnlySpan<byte> serial) => _serials.Contains(Convert.ToHexString(serial));

    private void ReadRevoked(AsnReader revoked)
    {
        while (revoked.HasData)
        {
            _serials.Add(Convert.ToHexString(revoked.ReadSequence().ReadIntegerBytes().Span));
        }
    }

    // A list that speaks of a part only (a delta, another's certificates, some reasons) says so in a critical extension.
    private static void CheckExtensions(AsnReader extensions)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            if (isCritical && id is not (CrlNumber or AuthorityKeyIdentifier))
            {
                throw new CryptographicException($"it is of a kind that is not supported (critical extension {id})");
            }
        }
    }

    private static bool IsTime(Asn1Tag tag) => tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader from) =>
        from.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? from.ReadUtcTime() : from.ReadGeneralizedTime();
}
