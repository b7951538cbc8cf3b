namespace FilterProxy.Core.Config;

/// <summary>A version of TLS. Older ones are not spoken (RFC 8996).</summary>
internal enum TlsVersion
{
    Tls12,
    Tls13,
}
