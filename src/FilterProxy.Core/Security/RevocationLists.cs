using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>The certificate revocation lists (RFC 5280 §5) of the authorities that sign clients' certificates.</summary>
internal sealed class RevocationLists(IReadOnlyList<RevocationList> lists)
{
    /// <summary>
    /// Whether nothing of a chain is revoked. As strict as lists are meant: an authority without a list, or whose list is too old,
    /// could have revoked anything.
    /// </summary>
    /// <param name="chain">From the client's certificate to the trusted one, which no list speaks of.</param>
    /// <param name="now">The time.</param>
    public bool Holds(X509ChainElementCollection chain, DateTimeOffset now)
    {
        for (var i = 0; i + 1 < chain.Count; i++)
        {
            var certificate = chain[i].Certificate;
            var found = false;
            foreach (var list in lists)
            {
                if (!list.IsBy(chain[i + 1].Certificate) || list.NextUpdate < now)
                {
                    continue;
                }

                if (list.Has(certificate.SerialNumberBytes.Span))
                {
                    return false;
                }

                found = true;
            }

            if (!found)
            {
                return false;
            }
        }

        return true;
    }
}
