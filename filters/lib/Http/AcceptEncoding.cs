using System.Buffers.Text;

namespace FilterProxy.Filters.Http;

/// <summary>Which encoding a client likes best of those that are offered (RFC 9110 §12.5.3).</summary>
internal static class AcceptEncoding
{
    private static readonly byte[] Identity = "identity"u8.ToArray(), Any = "*"u8.ToArray();

    /// <summary>The place of the best one in what is offered, the first of equals; negative where the plain body is liked as well or better.</summary>
    public static int Choose(HeaderMap request, byte[][] offered)
    {
        if (!request.Contains(KnownHeader.AcceptEncoding))
        {
            return -1;
        }

        var best = -1;
        var most = Math.Max(0, WeightOf(request, Identity, otherwise: 0));
        var any = WeightOf(request, Any, otherwise: 0);
        for (var i = 0; i < offered.Length; i++)
        {
            var weight = WeightOf(request, offered[i], otherwise: any);
            if (weight > 0 && (best < 0 ? weight >= most : weight > most))
            {
                (best, most) = (i, weight);
            }
        }

        return best;
    }

    // In thousandths.
    private static int WeightOf(HeaderMap request, byte[] name, int otherwise)
    {
        foreach (var line in request.Values(KnownHeader.AcceptEncoding))
        {
            foreach (var item in new ListItems(line))
            {
                var end = item.IndexOf((byte)';');
                var coding = (end < 0 ? item : item[..end]).TrimEnd((byte)' ');
                if (HeaderName.Equals(coding, name) || (HeaderName.Equals(coding, "x-gzip"u8) && name.AsSpan().SequenceEqual("gzip"u8)))
                {
                    return end < 0 ? 1000 : QualityOf(item[(end + 1)..].Trim((byte)' '));
                }
            }
        }

        return otherwise;
    }

    private static int QualityOf(ReadOnlySpan<byte> parameter)
    {
        if (parameter.Length < 3 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=')
        {
            return 1000;
        }

        // What is no weight is none: better a plain body than one the client cannot read.
        return Utf8Parser.TryParse(parameter[2..], out double weight, out var used) && used == parameter.Length - 2 && weight is >= 0 and <= 1
            ? (int)(weight * 1000)
            : 0;
    }
}
